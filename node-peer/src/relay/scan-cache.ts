import type { Dirent, Stats } from "node:fs";
import { lstat, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { InfoHash } from "@shoal/peer-core";
import { MAX_METAINFO_BYTES, MAX_PIECE_COUNT, MAX_PIECE_LENGTH, parseInfoHash } from "@shoal/peer-core/torrent";
import { INFO_FILE, NEW_FILE } from "./cache-files.js";
import { runParallel } from "../storage/run-parallel.js";

/** Folders looked at at once: libuv has four threads. */
const PARALLEL_FOLDERS = 4;

/** What a cache's folder holds of one share. Sizes are those of the files, times those of their last change. */
export interface FoundShare {
  readonly infoHash: InfoHash;
  /** Bytes of the metainfo; 0 when there is none. */
  readonly infoBytes: number;
  readonly pieces: readonly { readonly piece: number; readonly bytes: number; readonly changedAt: number }[];
}

/**
 * Looks through the folder of a cache: 40 hexadecimal digits with files named by numbers in them. What has such a name and
 * cannot be a piece is removed, as are half-written files and pieces beyond `maxPieces`; everything else is left alone, and
 * links are never followed. A share's folder that cannot be read is left out. Rejects with the system's error when
 * `directory` itself cannot be read.
 */
export async function scanCache(directory: string, maxPieces: number): Promise<readonly FoundShare[]> {
  const found: FoundShare[] = [];
  const scan = { left: maxPieces };
  const infoHashes: InfoHash[] = [];
  for await (const entry of await opendir(directory)) {
    const infoHash = /^[0-9a-f]{40}$/.test(entry.name) ? parseInfoHash(entry.name) : undefined;
    if (infoHash !== undefined && (await isFolder(directory, entry))) infoHashes.push(infoHash);
  }
  await runParallel(infoHashes, PARALLEL_FOLDERS, async (infoHash) => {
    const share = await scanShare(directory, infoHash, scan).catch(() => undefined);
    if (share !== undefined) found.push(share);
  });
  return found;
}

async function isFolder(directory: string, entry: Dirent): Promise<boolean> {
  // Some file systems do not tell what an entry is.
  if (entry.isDirectory()) return true;
  if (entry.isFile() || entry.isSymbolicLink()) return false;
  return (await statsOf(join(directory, entry.name)))?.isDirectory() ?? false;
}

async function scanShare(directory: string, infoHash: InfoHash, scan: { left: number }): Promise<FoundShare> {
  const folder = join(directory, infoHash);
  const pieces: FoundShare["pieces"][number][] = [];
  let infoBytes = 0;
  for await (const { name } of await opendir(folder)) {
    const path = join(folder, name);
    if (NEW_FILE.test(name)) {
      await removeQuietly(path);
    } else if (name === INFO_FILE) {
      const stats = await statsOf(path);
      if (stats?.isFile() === true && stats.size <= MAX_METAINFO_BYTES) infoBytes = stats.size;
      else await removeQuietly(path);
    } else if (isPieceName(name)) {
      const stats = await statsOf(path);
      if (scan.left > 0 && stats !== undefined && canBePiece(stats)) {
        scan.left--;
        pieces.push({ piece: Number(name), bytes: stats.size, changedAt: stats.mtimeMs });
      } else await removeQuietly(path);
    }
  }
  return { infoHash, infoBytes, pieces };
}

function isPieceName(name: string): boolean {
  return /^(0|[1-9]\d{0,6})$/.test(name) && Number(name) < MAX_PIECE_COUNT;
}

function canBePiece(stats: Stats): boolean {
  return stats.isFile() && stats.size > 0 && stats.size <= MAX_PIECE_LENGTH;
}

async function statsOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch(() => undefined);
}

/** Removes a link itself, never what it leads to. */
async function removeQuietly(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
