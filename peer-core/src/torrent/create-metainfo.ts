import { compareBytes, utf8Decode, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { dictFrom, encodeBencode } from "./bencode.js";
import { Geometry, MAX_PIECE_LENGTH } from "./geometry.js";
import { hashPieces } from "./hash-pieces.js";
import type { HashOptions, SourceFile } from "./hash-pieces.js";
import { HASH_BYTES, parseInfo } from "./metainfo.js";
import type { Metainfo } from "./metainfo.js";
import { displayName } from "./safe-name.js";
import { assertDistinctPaths } from "./safe-paths.js";

/** Shorter pieces gain nothing and mktorrent refuses them. */
const LEAST_PIECE_LENGTH = 32 * 1024;

/** Ours stay below it up to 2^18 pieces: one bad block costs a whole piece. */
const USUAL_PIECE_LENGTH = 4 * 1024 * 1024;

/** Few enough for a small metainfo, enough for many sources at once. */
const USUAL_PIECE_COUNT = 2_000;

/** Where hashes of 5 MiB begin to weigh more than longer pieces. */
const MANY_PIECES = 2 ** 18;

export interface CreateOptions extends HashOptions {
  readonly name: string;
  readonly files: readonly SourceFile[];
  readonly isMultiFile: boolean;
  /** Bytes; `choosePieceLength` when left out. */
  readonly pieceLength?: number | undefined;
}

/** The piece length for `length` bytes of content: a power of two of 32 KiB to 4 MiB, up to 16 MiB beyond 2^18 pieces. */
export function choosePieceLength(length: number): number {
  let pieceLength = LEAST_PIECE_LENGTH;
  while (pieceLength < USUAL_PIECE_LENGTH && length > pieceLength * USUAL_PIECE_COUNT) pieceLength *= 2;
  while (pieceLength < MAX_PIECE_LENGTH && length > pieceLength * MANY_PIECES) pieceLength *= 2;
  return pieceLength;
}

/**
 * Hashes files into a metainfo with the info-hash that mktorrent gives for the same name, files and piece length.
 * Throws ShoalError "metainfo" for what no metainfo can hold, "unsafe-name" when two files share a path,
 * "source-changed" when a file is shorter than it was said to be, "aborted"; and what `read` throws. No read is under
 * way when it settles.
 */
export async function createMetainfo(options: CreateOptions): Promise<Metainfo> {
  const files = sortFiles(options.files);
  if (!options.isMultiFile && files.length !== 1) {
    throw new ShoalError("metainfo", `A single-file share has one file, not ${files.length}`);
  }
  assertDistinctPaths(files, "posix");
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const geometry = new Geometry(length, options.pieceLength ?? choosePieceLength(length));
  const encodeWith = (pieces: Uint8Array) =>
    encodeBencode(
      dictFrom({
        name: utf8OrThrow(options.name),
        length: options.isMultiFile ? undefined : length,
        files: options.isMultiFile
          ? files.map((file) => dictFrom({ length: file.length, path: file.path }))
          : undefined,
        "piece length": geometry.pieceLength,
        pieces,
      }),
    );
  // Parsed with empty hashes first: every rule of a metainfo is checked before hours of hashing.
  const draft = await parseInfo(encodeWith(new Uint8Array(HASH_BYTES * geometry.pieceCount)), options.hasher);
  return parseInfo(encodeWith(await hashPieces(draft, files, options)), options.hasher);
}

/** By the UTF-8 bytes of the joined path, as mktorrent does. */
function sortFiles(files: readonly SourceFile[]): readonly SourceFile[] {
  const keyed = files.map((file) => ({ file, key: utf8OrThrow(file.path.join("/")) }));
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ file }) => file);
}

function utf8OrThrow(text: string): Uint8Array {
  const bytes = utf8Encode(text);
  if (utf8Decode(bytes) !== text) throw new ShoalError("metainfo", `Not valid Unicode: "${displayName(text)}"`);
  return bytes;
}
