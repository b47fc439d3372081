/** Code that is mutated together, and the tests that have to notice. Paths and globs from the project's root. */
export interface MutatedRoom {
  readonly name: string;
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
  /** No test of the room takes as long, on a busy machine, with everything that it runs counted. */
  readonly longestTestMs: number;
}

const DOWNLOAD = "peer-core/src/swarm/download";
const RELAY = "peer-core/src/swarm/relay";
const STORAGE = "node-peer/src/storage";

/** Where a mistake costs files: what is decoded from strangers, written down, chosen, put together and kept for others. */
export const ROOMS: readonly MutatedRoom[] = [
  {
    name: "decoder",
    mutate: ["peer-core/src/wire/decode.ts", "peer-core/src/torrent/bencode-decoder.ts"],
    tests: ["peer-core/src/{wire,torrent}/**/*.test.ts"],
    // A file of 2^21 values is decoded.
    longestTestMs: 60_000,
  },
  {
    name: "records",
    mutate: ["state-record", "state-log", "recovered-state", "claim-recorder"].map((file) => `${STORAGE}/${file}.ts`),
    tests: [`${STORAGE}/{claim-recorder*,recovered-state,state-log,fs-piece-store}.test.ts`],
    longestTestMs: 10_000,
  },
  {
    name: "relay",
    mutate: [
      "cache-room",
      "relay-demand",
      "relay-eviction",
      "relay-promise",
      "service-record",
      "want-teller",
      "wants-of",
    ].map((file) => `${RELAY}/${file}.ts`),
    tests: [`${RELAY}/*.test.ts`],
    longestTestMs: 10_000,
  },
  {
    name: "download",
    mutate: [
      "piece-picker",
      "piece-assembly",
      "download-scheduler",
      "patience",
      "failed-pieces",
      "piece-completion",
    ].map((file) => `${DOWNLOAD}/${file}.ts`),
    tests: [`${DOWNLOAD}/*.test.ts`],
    longestTestMs: 10_000,
  },
];

/** @throws Error when no room is called that. */
export function roomNamed(name: string): MutatedRoom {
  const room = ROOMS.find((each) => each.name === name);
  if (room === undefined)
    throw new Error(`No room is called ${name}; there are ${ROOMS.map((each) => each.name).join(", ")}`);
  return room;
}
