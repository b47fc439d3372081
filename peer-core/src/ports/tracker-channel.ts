import type { InfoHash, PeerId } from "../base/ids.js";

export type AnnounceEvent = "started" | "stopped" | "completed";

export interface AnnounceRequest {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** Payload bytes since "started". */
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes still missing of what is wanted; undefined before the metainfo is known. */
  readonly left: number | undefined;
  readonly event?: AnnounceEvent | undefined;
  readonly numWant: number;
  /** TCP port at which this peer can be dialled at the address the tracker sees. */
  readonly port?: number | undefined;
  /** Absolute URL at which this peer can be dialled; of a hub's own relay one that is relative to the tracker's, "peer". */
  readonly endpoint?: string | undefined;
  /** It carries pieces between peers that cannot dial each other. False when left out. */
  readonly isRelay?: boolean | undefined;
}

export interface TrackerPeer {
  /** Undefined where a tracker lists addresses only (compact HTTP replies). */
  readonly peerId: PeerId | undefined;
  /** ws://, wss:// or tcp://HOST:PORT. */
  readonly endpoint: string;
}

export interface AnnounceReply {
  readonly intervalSeconds: number;
  readonly seeds: number;
  readonly leeches: number;
  readonly peers: readonly TrackerPeer[];
  /** Endpoints of relays, best first. */
  readonly relays: readonly string[];
  /** What the tracker wants people to know (a stranger's text). */
  readonly warning?: string | undefined;
}

export interface ScrapeReply {
  readonly seeds: number;
  readonly leeches: number;
  readonly completed: number;
}

/** Pieces newly held (or "all"), as reported to the tracker. */
export type HeldPieces =
  | { readonly kind: "all" }
  | { readonly kind: "bitfield"; readonly bytes: Uint8Array }
  | { readonly kind: "indexes"; readonly pieces: readonly number[] };

/**
 * A line to one tracker, shared by all swarms of a client. Connects when first used, and again when it was lost.
 * Every method rejects with ShoalError("tracker") when the tracker cannot be reached, answers nonsense or a failure
 * reason, or not within the channel's time limit; with ShoalError("aborted") when `signal` fires. A tracker that says
 * when to ask again is quoted in the error's `retryAfterMs`.
 */
export interface TrackerChannel {
  readonly url: string;
  /** IP address of the tracker, where the platform tells it and the line has been open. */
  readonly address: string | undefined;
  /** Longest pause between tries while it fails; a minute when left out: a hub that comes back is wanted at once. */
  readonly longestRetryMs?: number | undefined;
  announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply>;
  scrape(infoHash: InfoHash, signal: AbortSignal): Promise<ScrapeReply>;
  /** Tells which pieces are held; best effort, never rejects. A tracker that keeps no such record ignores it. */
  have(infoHash: InfoHash, pieces: HeldPieces): void;
  /** Told of peers that the tracker names unasked, and of lost lines (a lost line means that the swarm was left). */
  watch(infoHash: InfoHash, watcher: TrackerWatcher): () => void;
  /** Closes the line once pending messages have left; afterwards every call rejects. */
  close(): Promise<void>;
}

export interface TrackerWatcher {
  onPeers(peers: readonly TrackerPeer[]): void;
  onLost(): void;
  /** Endpoints of relays, best first, in place of those that were named before. */
  onRelays?(relays: readonly string[]): void;
}
