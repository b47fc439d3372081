/** The trackers that are compared. */
export type TrackerKind = "shoal" | "bittorrent-tracker";

/** What a tracker's process says once it listens. */
export interface ServerMessage {
  readonly port: number;
}

/** What it says once it has collected its garbage. */
export interface HeapMessage {
  readonly heapBytes: number;
}

/** What the load's process is asked for, one at a time. */
export type LoadRequest =
  /** Opens sockets one after the other and announces `started` in all their swarms. */
  { readonly kind: "open"; readonly port: number; readonly population: Population } | AnnounceRequest;

/** Announces for a while: as fast as answers come with one in flight per socket, or so many a second. */
export interface AnnounceRequest {
  readonly kind: "announce";
  readonly seconds: number;
  readonly perSecond: number | undefined;
}

/** Who is there. */
export interface Population {
  readonly sockets: number;
  readonly swarms: number;
  /** Swarms of each socket. */
  readonly swarmsPerSocket: number;
}

/** The answer to a request. */
export interface LoadResult {
  readonly announces: number;
  readonly seconds: number;
  /** Milliseconds from an announce to its answer. */
  readonly p50: number;
  readonly p99: number;
  /** CPU seconds of the load's own process: when they come near `seconds`, it is the bottleneck. */
  readonly cpuSeconds: number;
}
