import type { Machine, TestNetwork } from "../net-namespace.js";

/** What a client does with encrypted connections (MSE): never use them, rather use them, use nothing else. */
export type Encryption = "never" | "preferred" | "required";

/** One share for one client: it gets what is missing in `folder`, and seeds once that is whole. */
export interface Job {
  /** The path of a `.torrent` file, or a magnet link. */
  readonly source: string;
  readonly folder: string;
  readonly network: TestNetwork;
  readonly machine: Machine;
  /** "never" if absent. */
  readonly encryption?: Encryption;
  /** The most that it uploads, in bytes per second. */
  readonly bytesPerSecond?: number;
}

/** An ordinary BitTorrent client at work on one share, in a process of its own. */
export interface OrdinaryPeer {
  readonly client: string;
  /** For each piece whether the client holds it; empty before it knows of any. Rejects when it has ended. */
  held(): Promise<readonly boolean[]>;
  /** The last of what it has said, for messages. */
  readonly said: string;
  /** Ends it and lets it tell its tracker. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** For each of `count` pieces whether its bit is set, the highest bit of the first byte first (BEP 3). */
export function bits(bitfield: Uint8Array, count: number): boolean[] {
  return Array.from({ length: count }, (_, piece) => (((bitfield[piece >> 3] ?? 0) << (piece & 7)) & 0x80) !== 0);
}
