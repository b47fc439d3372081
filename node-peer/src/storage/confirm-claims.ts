import { ShoalError, type PieceIndex } from "@shoal/peer-core";
import { UNWANTED_FILE, type FileLayout, type Metainfo } from "@shoal/peer-core/torrent";
import { errnoOf } from "./disk-error.js";
import type { PartFiles } from "./part-files.js";
import { CLAIM, type RecoveredState } from "./recovered-state.js";
import { runParallel } from "./run-parallel.js";
import type { FileStamp } from "./state-record.js";

/** Tells whether `bytes` are the right content of a piece. `bytes` are the callee's until it settles. */
export type VerifyPiece = (piece: PieceIndex, bytes: Uint8Array) => Promise<boolean>;

/** Pieces read and hashed at once: keeps disk and hash busy, within 64 MiB of the largest pieces. */
const PARALLEL_PIECES = 4;
const PARALLEL_STATS = 16;

export interface ConfirmContext {
  readonly metainfo: Metainfo;
  readonly layout: FileLayout;
  readonly files: PartFiles;
  readonly verifyPiece?: VerifyPiece | undefined;
  readonly onChecked?: ((checkedBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConfirmedClaims {
  /** One CLAIM per piece; none is doubtful any more. */
  readonly claims: Uint8Array;
  /** What the files with claimed bytes look like, from before they were read. */
  readonly stamps: ReadonlyMap<number, FileStamp>;
  /** Files with claimed bytes that may not be on the disk yet. */
  readonly unsynced: ReadonlySet<number>;
}

/**
 * Holds what a state log claims against the files. A piece is believed when the claim is firm and all of its files look
 * exactly as they did after the last recorded write (same inode, size, modification and change time); any other claimed
 * piece is read and verified. Rejects with ShoalError "disk", "aborted", and what `verifyPiece` does.
 */
export async function confirmClaims(state: RecoveredState, context: ConfirmContext): Promise<ConfirmedClaims> {
  const claims = state.claims.slice();
  const stamps = await stampClaimed(claims, context);
  const doubtful: PieceIndex[] = [];
  for (const piece of context.metainfo.geometry.pieces()) {
    if (claims[piece] === CLAIM.none) continue;
    const isIntact = filesOf(piece, context).every((file) => isUntouched(file, { state, stamps, context }));
    if (isIntact && claims[piece] !== CLAIM.doubtful) continue;
    claims[piece] = CLAIM.none;
    doubtful.push(piece);
  }
  for (const piece of await verifyPieces(doubtful, context)) claims[piece] = CLAIM.cached;
  const unsynced = new Set<number>();
  for (const piece of context.metainfo.geometry.pieces()) {
    if (claims[piece] === CLAIM.cached) for (const file of filesOf(piece, context)) unsynced.add(file);
  }
  return { claims, stamps, unsynced };
}

/** What files look like after they were renamed, which changes a file's ctime; without those that were written meanwhile. */
export async function stampAgain(
  stamps: ReadonlyMap<number, FileStamp>,
  files: PartFiles,
): Promise<Map<number, FileStamp>> {
  const again = new Map<number, FileStamp>();
  await runParallel(stamps.keys(), PARALLEL_STATS, async (file) => {
    const was = stamps.get(file);
    const is = await files.stampOf(file);
    if (is !== undefined && is.mtimeNs === was?.mtimeNs && is.inode === was.inode) again.set(file, is);
  });
  return again;
}

async function stampClaimed(claims: Uint8Array, context: ConfirmContext): Promise<Map<number, FileStamp>> {
  const claimed = new Set<number>();
  for (const piece of context.metainfo.geometry.pieces()) {
    if (claims[piece] !== CLAIM.none) for (const file of filesOf(piece, context)) claimed.add(file);
  }
  const stamps = new Map<number, FileStamp>();
  await runParallel(claimed, PARALLEL_STATS, async (file) => {
    const stamp = await context.files.stampOf(file);
    if (stamp !== undefined) stamps.set(file, stamp);
  });
  return stamps;
}

function isUntouched(
  file: number,
  known: {
    readonly state: RecoveredState;
    readonly stamps: ReadonlyMap<number, FileStamp>;
    readonly context: ConfirmContext;
  },
): boolean {
  const was = known.state.stamps.get(file);
  const is = known.stamps.get(file);
  // Selected now but not then: its bytes at the borders lie among the unwanted ones.
  if (file !== UNWANTED_FILE && known.state.wanted[file] !== 1) return false;
  if (was === undefined || is === undefined) return false;
  return was.mtimeNs === is.mtimeNs && was.ctimeNs === is.ctimeNs && was.inode === is.inode;
}

/** The pieces among `doubtful` that are really there. */
async function verifyPieces(doubtful: readonly PieceIndex[], context: ConfirmContext): Promise<PieceIndex[]> {
  const { metainfo, verifyPiece, files, onChecked, signal } = context;
  if (verifyPiece === undefined) return [];
  const { geometry } = metainfo;
  const total = doubtful.reduce((sum, piece) => sum + geometry.pieceSize(piece), 0);
  const good: PieceIndex[] = [];
  let checked = 0;
  await runParallel(doubtful, PARALLEL_PIECES, async (piece) => {
    throwIfAborted(signal);
    const bytes = new Uint8Array(geometry.pieceSize(piece));
    if ((await canRead(files, geometry.pieceOffset(piece), bytes)) && (await verifyPiece(piece, bytes)))
      good.push(piece);
    checked += bytes.length;
    onChecked?.(checked, total);
  });
  throwIfAborted(signal);
  return good;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ShoalError("aborted", "The check of what is stored was stopped");
}

/** False when the disk cannot give the bytes back, or has no such file: then they are fetched and written again. */
async function canRead(files: PartFiles, offset: number, bytes: Uint8Array): Promise<boolean> {
  try {
    return await files.read(offset, bytes);
  } catch (error) {
    if (error instanceof Error && ["EIO", "ENOENT"].includes(errnoOf(error.cause) ?? "")) return false;
    throw error;
  }
}

function filesOf(piece: PieceIndex, context: ConfirmContext): number[] {
  const { geometry } = context.metainfo;
  return context.layout.touched(geometry.pieceOffset(piece), geometry.pieceSize(piece));
}
