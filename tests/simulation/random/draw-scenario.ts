import { seededRandom, type SeededRandom } from "@shoal/peer-core/testing";
import { drawDisasters } from "./draw-disasters.js";
import type {
  DiskPlan,
  PeerPlan,
  RelayPlan,
  Scenario,
  TrackerPlan,
  VillainKind,
  VillainPlan,
  WirePlan,
} from "./scenario.js";

const KIB = 1024;
const VILLAINS: readonly VillainKind[] = ["spoiler", "liar", "mute", "flood", "babbler", "faker"];
/** Addresses that several peers without a door of their own share. */
const NATS = 3;
/** Joins are spread over this time, in a crowd over a part of it. */
const JOINS_MS = 10_000;
const JOINS_OF_CROWD_MS = 3_000;
const SMALL_SEND_BUFFERS_BYTES = 64 * KIB;

/** A scenario from a seed alone: half of them have 10 peers or fewer, one in twenty has a hundred or more. */
export function drawScenario(seed: number): Scenario {
  const random = seededRandom(seed);
  const size = drawSize(random);
  const isCrowd = size > 60;
  const pieceLength = (isCrowd ? 16 : random.pick([16, 16, 16, 32, 64])) * KIB;
  const pieceCount = isCrowd ? 2 + random.int(3) : 2 + Math.floor(22 * random.float() ** 4);
  const trackers = drawTrackers(random);
  const relays = drawRelays(random, trackers);
  const named = trackers.map((tracker, index) => {
    return { ...tracker, relays: relays.filter((_, at) => at % trackers.length === index).map(({ name }) => name) };
  });
  const peers = drawPeers(random, size, pieceCount, trackers).map((peer, index) =>
    (seed + index) % 2 === 0 ? asSharer(peer) : peer,
  );
  const villains = drawVillains(random, trackers);
  const shape = { pieceCount, trackers: named, relays, peers, isCrowd };
  return {
    seed,
    pieceCount,
    pieceLength,
    lastPieceBytes: 1 + random.int(pieceLength),
    cut: !isCrowd && random.int(8) === 0,
    trackers: named,
    relays,
    peers,
    villains,
    disasters: drawDisasters(random, shape),
  };
}

function drawSize(random: SeededRandom): number {
  const kind = random.int(18);
  // Far more often a little over a hundred than near two hundred.
  if (kind === 0) return 100 + Math.floor(101 * random.float() ** 16);
  return kind < 10 ? 2 + random.int(9) : 10 + Math.floor(25 * random.float() ** 12);
}

function drawTrackers(random: SeededRandom): TrackerPlan[] {
  const count = random.int(2) === 0 ? 1 : 1 + random.int(5);
  return Array.from({ length: count }, (_, index) => ({ name: `tracker${index}`, relays: [] }));
}

function drawRelays(random: SeededRandom, trackers: readonly TrackerPlan[]): RelayPlan[] {
  const count = random.int(3) === 0 ? 0 : 1 + random.int(3);
  return Array.from({ length: count }, (_, index): RelayPlan => {
    const own = trackers[index % trackers.length]?.name ?? "";
    return {
      name: `relay${index}`,
      wire: { ...drawWire(random), loss: 0 },
      trackers: [own, ...trackers.map(({ name }) => name).filter((name) => name !== own && random.int(2) === 0)],
      quotaPieces: 8 + random.int(40),
      knowsMetainfo: random.int(3) > 0,
      keeps: random.int(3) === 0,
      disk: drawDisk(random),
    };
  });
}

function drawPeers(
  random: SeededRandom,
  size: number,
  pieceCount: number,
  trackers: readonly TrackerPlan[],
): PeerPlan[] {
  const joinsMs = size > 60 ? JOINS_OF_CROWD_MS : JOINS_MS;
  // In a crowd nearly everybody is a tab: who could dial whom grows with the square of those who can be dialled.
  const dialable = random.pick(size > 60 ? [0.01, 0.02, 0.03] : [0.2, 0.5, 0.8, 1]);
  return Array.from({ length: size }, (_, index): PeerPlan => {
    const isFirst = index === 0;
    const isDialable = random.float() < dialable;
    const plan = {
      name: `peer${index}`,
      wire: drawWire(random),
      disk: drawDisk(random),
      joinMs: isFirst || random.int(2) === 0 ? 0 : random.int(joinsMs),
      has: isFirst ? "x".repeat(pieceCount) : drawHoldings(random, pieceCount),
      isDialable,
      nat: !isDialable && random.int(3) === 0 ? 1 + random.int(NATS) : undefined,
      knowsMetainfo: isFirst || random.int(4) > 0,
      trackers: drawSome(random, trackers),
      leavesAfterMs: !isFirst && random.int(5) < (size > 60 ? 4 : 1) ? random.int(5_000) : undefined,
      maxConnections: size > 60 ? 20 + random.int(40) : 2_000,
      unverifiedPieces: random.int(4) === 0 ? 1 + random.int(3) : 64,
    };
    // Who has little memory has it for nothing.
    return plan.unverifiedPieces < 4 ? { ...plan, sendBuffersBytes: SMALL_SEND_BUFFERS_BYTES } : plan;
  });
}

/** Who has everything from the start has it from the user, or has got it earlier. */
function asSharer(peer: PeerPlan): PeerPlan {
  return peer.has.includes(".") ? peer : { ...peer, disk: { ...peer.disk, isReadOnly: true } };
}

function drawHoldings(random: SeededRandom, pieceCount: number): string {
  const kind = random.int(8);
  if (kind < 6) return ".".repeat(pieceCount);
  const share = kind === 6 ? 1 : random.float();
  return Array.from({ length: pieceCount }, () => (random.float() < share ? "x" : ".")).join("");
}

/** All trackers mostly; else some, the first of all among them more often than not. */
function drawSome(random: SeededRandom, trackers: readonly TrackerPlan[]): string[] {
  const names = trackers.map(({ name }) => name);
  if (random.int(3) > 0) return names;
  const some = names.filter((_, index) => random.int(index === 0 ? 4 : 2) > 0);
  return some.length > 0 ? some : names;
}

function drawVillains(random: SeededRandom, trackers: readonly TrackerPlan[]): VillainPlan[] {
  const count = random.int(2) === 0 ? 0 : 1 + random.int(3);
  return Array.from({ length: count }, (_, index) => ({
    name: `villain${index}`,
    wire: drawWire(random),
    kind: random.pick(VILLAINS),
    joinMs: random.int(JOINS_MS),
    isDialable: random.int(3) > 0,
    trackers: drawSome(random, trackers),
  }));
}

function drawWire(random: SeededRandom): WirePlan {
  return {
    latencyMs: random.int(120),
    loss: random.int(3) === 0 ? 0.03 : 0,
    up: (32 + random.int(512)) * KIB,
    down: (64 + random.int(2_048)) * KIB,
  };
}

function drawDisk(random: SeededRandom): DiskPlan {
  return { accessMs: random.int(4) === 0 ? random.int(200) : 0, hashes: random.int(2) === 0 };
}
