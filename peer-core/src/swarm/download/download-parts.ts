import type { ByteBudget } from "../../base/byte-budget.js";
import type { PieceIndex } from "../../base/ids.js";
import type { RateLimiter } from "../../base/rate-limiter.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { Runtime } from "../../ports/runtime.js";
import type { Bitfield } from "../../torrent/bitfield.js";
import type { DownloadScheduler } from "./download-scheduler.js";
import type { QueueDepth } from "./queue-depth.js";
import type { PieceTable } from "../pieces/piece-table.js";
import type { Verifier } from "./verifier.js";

/** What is worth getting: all that was chosen, or what a relay's peers want. */
export interface Interest {
  isLacking(piece: number): boolean;
  lacksAnyOf(pieces: Bitfield): boolean;
}

/** Whom the download tells. */
export interface DownloadHost {
  sessions(): Iterable<PeerSession>;
  /** Nothing is to be asked of this peer for now. */
  isHeldBack(session: PeerSession): boolean;
  /** `sessionId`: who brought most of it, and may be gone by now. */
  onPieceStored(piece: PieceIndex, sessionId: number): void;
  /** Bad data was sent in this session, which may be closed by now. */
  onBadData(sessionId: number, piece: PieceIndex): void;
  onStoreFailed(error: unknown): void;
}

export interface DownloadParts {
  readonly runtime: Runtime;
  readonly host: DownloadHost;
  readonly table: PieceTable;
  readonly scheduler: DownloadScheduler;
  readonly verifier: Verifier;
  /** Memory for pieces that are not verified, of all swarms together. */
  readonly unverified: ByteBudget;
  readonly limiter: RateLimiter;
  /** Of the line that all swarms share. */
  readonly depth: QueueDepth;
  readonly interest: Interest;
  /** Pieces are asked for in their order: what a relay fetches, it chose so, and those who share read ahead. */
  readonly takesRuns: boolean;
}
