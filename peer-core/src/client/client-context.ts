import type { ByteBudget } from "../base/byte-budget.js";
import type { InfoHash, PeerId } from "../base/ids.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import type { Dialer } from "../ports/connection.js";
import type { RangeSource } from "../ports/range-source.js";
import type { Runtime } from "../ports/runtime.js";
import type { TrackerChannel } from "../ports/tracker-channel.js";
import type { QueueDepth } from "../swarm/download/queue-depth.js";
import type { Reputation } from "../swarm/members/reputation.js";
import type { ListenAddress } from "./share-options.js";

/** What the shares of one client have in common. */
export interface ClientContext {
  readonly peerId: PeerId;
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** Undefined: no web seeds here. */
  readonly ranges: RangeSource | undefined;
  readonly reputation: Reputation;
  readonly clientName: string;
  readonly upLimiter: RateLimiter;
  readonly downLimiter: RateLimiter;
  /** Memory for pieces under way, of all shares together. */
  readonly unverified: ByteBudget;
  /** How deep peers are asked over the line that all shares share. */
  readonly depth: QueueDepth;
  listen(): ListenAddress;
  hasRoomForConnection(): boolean;
  /** Bytes that may wait in one socket: its share of the process's budget. */
  sendBufferBytes(): number;
  /** The line to a tracker, shared by all who use it; undefined when this platform cannot speak to it. */
  useTracker(url: string): TrackerChannel | undefined;
  releaseTracker(url: string): void;
  onStopped(infoHash: InfoHash): void;
}
