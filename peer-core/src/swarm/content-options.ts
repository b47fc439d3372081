import type { ByteBudget } from "../base/byte-budget.js";
import type { PieceIndex } from "../base/ids.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import type { PeerSession } from "../peer/peer-session.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { Runtime } from "../ports/runtime.js";
import type { Metainfo } from "../torrent/metainfo.js";
import type { QueueDepth } from "./download/queue-depth.js";
import type { MakeRelayFlow } from "./relay/relay-flow.js";

export interface ContentHost {
  sessions(): Iterable<PeerSession>;
  /** Nothing is to be asked of this peer for now. */
  isHeldBack(session: PeerSession): boolean;
  /** `sessionId`: who brought most of it, and may be gone by now. */
  onPiece(piece: PieceIndex, sessionId: number): void;
  /** `wasWhole`: everything chosen was here before. */
  onLostPiece(wasWhole: boolean): void;
  /** Everything wanted is here; `isFirst`: for the first time, and not from the start. */
  onComplete(isFirst: boolean): void;
  onBadData(sessionId: number, piece: PieceIndex): void;
  onWarning(code: string, message: string): void;
  onFailed(error: unknown): void;
}

export interface ContentOptions {
  readonly metainfo: Metainfo;
  readonly store: PieceStore;
  /** Bytes chosen in each piece; a piece with none is not wanted. */
  readonly chosen: Uint32Array;
  readonly runtime: Runtime;
  readonly limits: {
    readonly upLimiter: RateLimiter;
    readonly downLimiter: RateLimiter;
    readonly sendBufferBytes: () => number;
    /** Memory for pieces under way, of all swarms together. */
    readonly unverified: ByteBudget;
    readonly depth: QueueDepth;
  };
  /** Set for a relay, which wants nothing for itself. */
  readonly relay?: MakeRelayFlow | undefined;
  readonly host: ContentHost;
}
