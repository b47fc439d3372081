import type { PieceIndex } from "../base/ids.js";

/**
 * Holds verified pieces of one share. Knows no hashes and no peers: only verified data is written to it, and what it
 * says is present was verified once and is really in storage.
 *
 * Order: calls for different pieces may overlap; the owner never writes and removes one piece at the same time.
 * Failure: rejects with ShoalError "disk-full" or "disk"; "source-changed" when a file that is read in place is not the
 * one that was hashed.
 */
export interface PieceStore {
  /** One entry per piece, 1 where present: a snapshot as of opening, taken once by the owner. */
  present(): Uint8Array;
  /** Nothing can be written, now or later: what is lost stays lost, and the rest is served all the same. */
  readonly isReadOnly?: boolean | undefined;
  /** Fills `into` with bytes of a present piece from `begin`. Rejects when fewer can be read. */
  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void>;
  /** Stores a whole verified piece, all or nothing. `data` must not change until the promise settles. */
  write(piece: PieceIndex, data: Uint8Array): Promise<void>;
  /**
   * Stores a whole piece, all or nothing, if its SHA-1 is `sha1`; resolves to whether it is. For storage that hashes and
   * writes in one go, away from this thread: otherwise `write` does. `data` must neither change nor be read until the
   * promise settles: its memory may be moved to another thread and back. Where it was, `onMoved` is told before that
   * what holds the same bytes now.
   */
  readonly writeIfMatching?: WriteIfMatching | undefined;
  /** Makes everything written so far survive a crash, then the record of it (never the other way round). */
  flush(): Promise<void>;
  /**
   * A piece has turned out to be rotten, though it had been verified: storage that takes what it has seen once for granted
   * does not any longer, and rejects a `read` of what has changed. Other storage is read as it is.
   */
  readonly distrust?: (() => void) | undefined;
  /** Forgets a piece (evicted, or found rotten). */
  remove(piece: PieceIndex): Promise<void>;
  /** Flushes and lets go of every resource; no call may follow. */
  close(): Promise<void>;
}

export type WriteIfMatching = (
  piece: PieceIndex,
  data: Uint8Array,
  sha1: Uint8Array,
  onMoved?: (data: Uint8Array) => void,
) => Promise<boolean>;
