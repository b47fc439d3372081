import { EMPTY_BYTES, utf8Decode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { infoHashFromBytes } from "../base/ids.js";
import type { InfoHash, PieceIndex } from "../base/ids.js";
import type { Hasher } from "../ports/runtime.js";
import { bytesOf, decodeBencode, dictOf, intOf, listOf } from "./bencode.js";
import type { BencodeDict, BencodeValue } from "./bencode.js";
import { Geometry } from "./geometry.js";
import { MAX_NAME_BYTES } from "./safe-name.js";

/** Bytes of `info` or of a whole .torrent file: 2^20 hashes are 20 MiB, the rest is room for names. */
export const MAX_METAINFO_BYTES = 32 * 1024 * 1024;

/** Files of one share: more are better packed, and every file costs each peer a row and a handle. */
export const MAX_FILES = 100_000;

/** Folders in each other: with 255 bytes each, twice what PATH_MAX allows anyway. */
export const MAX_PATH_COMPONENTS = 32;

/** Bytes of a SHA-1. */
export const HASH_BYTES = 20;

export interface FileEntry {
  /** Below the root: [name] of a single file, else the components without the share's name. Not checked for safety. */
  readonly path: readonly string[];
  readonly length: number;
  /** Where the file begins in the content, in bytes. */
  readonly offset: number;
  /** Filler between files, not to be shown or stored (BEP 47, `attr` p). */
  readonly padding: boolean;
}

/** A validated `info` dictionary (BEP 3) with its exact bytes. Names are as received: see `assertSafeNames`. */
export interface Metainfo {
  readonly infoHash: InfoHash;
  readonly infoBytes: Uint8Array;
  readonly name: string;
  /** Bytes of content, padding included. */
  readonly length: number;
  readonly isMultiFile: boolean;
  /** BEP 27. */
  readonly isPrivate: boolean;
  readonly files: readonly FileEntry[];
  readonly geometry: Geometry;
  /** 20 bytes a piece, a view of `infoBytes`. */
  readonly pieceHashes: Uint8Array;
}

/** The SHA-1 that a piece must have, 20 bytes: a view. */
export function pieceHash(metainfo: Metainfo, piece: PieceIndex): Uint8Array {
  return metainfo.pieceHashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES);
}

/** Validates the bytes of an `info` dictionary, which are copied. Throws ShoalError("metainfo" or "bencode"). */
export async function parseInfo(infoBytes: Uint8Array, hasher: Hasher): Promise<Metainfo> {
  if (infoBytes.length > MAX_METAINFO_BYTES) throw tooLarge(infoBytes.length);
  // Not slice(): that of a Node Buffer is a view, and of a socket's memory at that.
  const ownBytes = new Uint8Array(infoBytes);
  const fields = readInfo(ownBytes);
  const digest = await hasher.sha1(ownBytes);
  return { infoHash: infoHashFromBytes(digest), infoBytes: ownBytes, ...fields };
}

/** The error for a metainfo of `length` bytes, above MAX_METAINFO_BYTES. */
export function tooLarge(length: number): ShoalError {
  return new ShoalError("metainfo", `A metainfo has at most ${MAX_METAINFO_BYTES} bytes, not ${length}`);
}

function readInfo(infoBytes: Uint8Array): Omit<Metainfo, "infoHash" | "infoBytes"> {
  const info = dictOf(decodeBencode(infoBytes));
  if (info === undefined) throw new ShoalError("metainfo", "info is not a dictionary");
  const hashes = bytesOf(info, "pieces");
  if (hashes === undefined) throw new ShoalError("metainfo", "info has no pieces: only BitTorrent v1 is supported");
  const name = readName(info);
  const isMultiFile = info.has("files");
  if (isMultiFile === info.has("length")) throw new ShoalError("metainfo", "Expected either files or length in info");
  const files = isMultiFile ? readFiles(info) : [{ ...readLength(info, 0), path: [name] }];
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const geometry = new Geometry(length, intOf(info, "piece length") ?? 0);
  const isPrivate = intOf(info, "private") === 1;
  return { name, length, isMultiFile, isPrivate, files, geometry, pieceHashes: checkedHashes(hashes, geometry) };
}

function checkedHashes(hashes: Uint8Array, geometry: Geometry): Uint8Array {
  const expected = HASH_BYTES * geometry.pieceCount;
  if (hashes.length !== expected) {
    throw new ShoalError("metainfo", `Expected ${expected} bytes of piece hashes, not ${hashes.length}`);
  }
  return hashes;
}

function readName(info: BencodeDict): string {
  const better = info.get("name.utf-8");
  const name = (better === undefined ? undefined : componentOf(better)) ?? componentOf(info.get("name"));
  if (name === undefined) throw new ShoalError("metainfo", `Expected a name of 1 to ${MAX_NAME_BYTES} bytes of UTF-8`);
  return name;
}

function readFiles(info: BencodeDict): FileEntry[] {
  const list = listOf(info, "files") ?? [];
  if (list.length === 0 || list.length > MAX_FILES) {
    throw new ShoalError("metainfo", `Expected 1 to ${MAX_FILES} files, not ${list.length}`);
  }
  let offset = 0;
  return list.map((item) => {
    const dict = dictOf(item);
    if (dict === undefined) throw new ShoalError("metainfo", "An entry of files is not a dictionary");
    const file = { path: readPath(dict), ...readLength(dict, offset) };
    offset += file.length;
    return file;
  });
}

function readLength(dict: BencodeDict, offset: number): Omit<FileEntry, "path"> {
  const length = intOf(dict, "length");
  if (length === undefined || length < 0 || !Number.isSafeInteger(offset + length)) {
    throw new ShoalError("metainfo", `Not the length of a file: ${length ?? "none"}`);
  }
  const attributes = bytesOf(dict, "attr") ?? EMPTY_BYTES;
  return { length, offset, padding: attributes.includes("p".charCodeAt(0)) };
}

function readPath(file: BencodeDict): string[] {
  const path = componentsOf(listOf(file, "path.utf-8")) ?? componentsOf(listOf(file, "path"));
  if (path === undefined) {
    const rule = `1 to ${MAX_PATH_COMPONENTS} components of 1 to ${MAX_NAME_BYTES} bytes of UTF-8`;
    throw new ShoalError("metainfo", `Expected a path of ${rule}`);
  }
  return path;
}

function componentsOf(list: readonly BencodeValue[] | undefined): string[] | undefined {
  if (list === undefined || list.length === 0 || list.length > MAX_PATH_COMPONENTS) return undefined;
  const components = list.map(componentOf).filter((component) => component !== undefined);
  return components.length === list.length ? components : undefined;
}

/** One name; undefined unless it is 1 to 255 bytes of UTF-8. */
function componentOf(value: BencodeValue | undefined): string | undefined {
  if (!(value instanceof Uint8Array) || value.length === 0 || value.length > MAX_NAME_BYTES) return undefined;
  return utf8Decode(value);
}
