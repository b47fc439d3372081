import { ShoalError } from "../base/errors.js";
import type { PieceIndex } from "../base/ids.js";
import { invariant } from "../base/invariant.js";
import type { Hasher } from "../ports/runtime.js";
import type { Geometry } from "./geometry.js";
import { HASH_BYTES } from "./metainfo.js";
import type { FileEntry, Metainfo } from "./metainfo.js";
import { displayName } from "./safe-name.js";

/** Pieces in flight: two are read while two are hashed. More gain nothing (measured on 2 cores). */
const PIECES_IN_FLIGHT = 4;

/** A file to be shared, read in place. */
export interface SourceFile {
  /** Below the share's root; [name] for a single file. */
  readonly path: readonly string[];
  /** Bytes, as of when the list was made. */
  readonly length: number;
  /** Reads from `position` and returns how many bytes; fewer than `into` holds only at the end of the file. */
  read(position: number, into: Uint8Array): Promise<number>;
}

export interface HashOptions {
  readonly hasher: Hasher;
  /** Pieces read and hashed at once, each with a buffer of one piece; 4 when left out. */
  readonly parallel?: number | undefined;
  /** For sources that are best read from front to back: each of those at once goes on for so many bytes. One piece if absent. */
  readonly runBytes?: number | undefined;
  /** Called after each piece with the bytes hashed so far. */
  readonly onProgress?: ((hashedBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The hashes of all pieces, 20 bytes each, read from `sources`, which are the files of `metainfo` in its order. Throws
 * ShoalError("source-changed") when a file is too short, ShoalError("aborted"), and what `read` throws; no read is
 * under way when it settles.
 */
export async function hashPieces(
  metainfo: Pick<Metainfo, "files" | "geometry">,
  sources: readonly SourceFile[],
  options: HashOptions,
): Promise<Uint8Array> {
  const { geometry, files } = metainfo;
  const hashes = new Uint8Array(HASH_BYTES * geometry.pieceCount);
  const workerCount = Math.min(options.parallel ?? PIECES_IN_FLIGHT, geometry.pieceCount);
  const runBytes = Math.min(options.runBytes ?? 0, geometry.length / workerCount);
  // Shared by all workers: whoever throws closes it, and the others stop at their next run.
  const runs = runsOf(geometry, Math.max(1, Math.floor(runBytes / geometry.pieceLength)));
  let hashedBytes = 0;

  async function hashSome(): Promise<void> {
    const length = Math.min(geometry.pieceLength, geometry.length);
    const buffer = options.hasher.allocate?.(length) ?? new Uint8Array(length);
    for (const run of runs) {
      for (const piece of run) {
        if (options.signal?.aborted === true) throw new ShoalError("aborted", "Hashing was stopped");
        const data = buffer.subarray(0, geometry.pieceSize(piece));
        await readContent(files, sources, geometry.pieceOffset(piece), data);
        hashes.set(await options.hasher.sha1(data), piece * HASH_BYTES);
        hashedBytes += data.length;
        options.onProgress?.(hashedBytes);
      }
    }
  }

  const outcomes = await Promise.allSettled(Array.from({ length: workerCount }, hashSome));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return hashes;
}

/** All pieces in order, so many in a row at a time. */
function* runsOf(geometry: Geometry, length: number): Generator<readonly PieceIndex[], void> {
  let run: PieceIndex[] = [];
  for (const piece of geometry.pieces()) {
    if (run.push(piece) < length) continue;
    yield run;
    run = [];
  }
  if (run.length > 0) yield run;
}

/** Fills `into` with the content from `offset`, out of as many files as it takes. */
async function readContent(
  files: readonly FileEntry[],
  sources: readonly SourceFile[],
  offset: number,
  into: Uint8Array,
): Promise<void> {
  let filled = 0;
  for (let index = fileAt(files, offset); filled < into.length; index++) {
    const file = files[index];
    const source = sources[index];
    invariant(file !== undefined && source !== undefined, "the files cover every piece");
    const position = offset + filled - file.offset;
    const length = Math.min(into.length - filled, file.length - position);
    if (length > 0) await readExactly(source, position, into.subarray(filled, filled + length));
    filled += length;
  }
}

async function readExactly(source: SourceFile, position: number, into: Uint8Array): Promise<void> {
  const got = await source.read(position, into);
  if (got === into.length) return;
  const name = displayName(source.path.join("/"));
  throw new ShoalError(
    "source-changed",
    `"${name}" ended at byte ${position + got} of ${source.length} while being read`,
  );
}

/** Index of the last file that begins at or before `offset`. */
function fileAt(files: readonly FileEntry[], offset: number): number {
  let low = 0;
  let high = files.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((files[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
