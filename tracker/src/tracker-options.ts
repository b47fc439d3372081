import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { InfoHash } from "@shoal/peer-core/announce";

/** A number that `/metrics` tells besides the tracker's own: `name` and `help` as Prometheus wants them. */
export interface ExtraMetric {
  readonly name: string;
  readonly help: string;
  /** What only grows is a total. */
  readonly kind: "gauge" | "total";
  /** Called whenever somebody asks. */
  readonly read: () => number;
}

export interface TrackerOptions {
  /** Folder of the durable catalogue, made if missing; without it the catalogue is gone with the process. */
  readonly dataDir?: string | undefined;
  /** Announces per minute, socket and swarm after the burst; 0 switches the limit off. Default 2. */
  readonly announceRate?: number | undefined;
  /** Take the client's address from X-Forwarded-For whoever sends it; from loopback it is taken always. */
  readonly trustProxy?: boolean | undefined;
  /** Where the tracker is reached from outside, for the announce URLs in `.torrent` files. */
  readonly publicUrl?: string | undefined;
  readonly version?: string | undefined;
  /** Endpoints of relays told to everybody, absolute or relative to the tracker's URL ("peer": the hub's own). */
  readonly relays?: readonly string[] | undefined;
  /** Of what shares the process with the tracker. */
  readonly metrics?: readonly ExtraMetric[] | undefined;
  /** Hears what an operator should know, one line each. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A tracker without a port of its own: the owner of an HTTP server hands it what is its. */
export interface MountedTracker {
  /** Answers requests whose path ends as one of the tracker's; false, and untouched, when it does not. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes upgrades of paths that end in /announce; false, and untouched, for others. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** True when the share is in the catalogue, searchable or not. Rejects with ShoalError("disk"). */
  isPublished(infoHash: InfoHash): Promise<boolean>;
  /** The exact bytes of `info` of a published share; undefined when it is none. Rejects with ShoalError("disk"). */
  publishedInfo(infoHash: InfoHash): Promise<Uint8Array | undefined>;
  /** Tells every socket, closes the catalogue; the server stays its owner's. */
  close(): Promise<void>;
}
