import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Hasher } from "@shoal/peer-core";
import { MAX_METAINFO_BYTES, parseInfo, type Metainfo } from "@shoal/peer-core/torrent";
import { makeFolder } from "./make-folder.js";
import { runParallel } from "./run-parallel.js";
import type { ScannedSource } from "./scan-source.js";

/** Shares remembered, and bytes in all: about what a heavy user shares; what is forgotten only costs hashing. */
const MAX_SHARES = 1_000;
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * A file written this shortly before it was hashed may be written again without its time changing: file systems stamp
 * in steps of up to two seconds (FAT).
 */
const SETTLED_NS = 2_000_000_000n;

/** A temporary file this old belongs to nobody any more. */
const ABANDONED_MS = 3_600_000;

const MAGIC = Buffer.from("SHM1");
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 4 + DIGEST_BYTES;
const PARALLEL_STATS = 16;

/** How a share is hashed: undefined stands for the usual piece length. */
export type RequestedPieceLength = number | undefined;

/**
 * Remembers the metainfo of what was shared, so that sharing it again needs no hashing. A memory is good only while the
 * files have the same paths, sizes, times and inodes. One file per share, replaced in one step: several processes may
 * use a folder at once. Never rejects: what cannot be remembered is hashed.
 */
export class HashMemory {
  readonly #directory: string;

  /** `directory` is made when first needed, readable for its owner only. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The metainfo of `source` if it was remembered and nothing about the files has changed. */
  async recall(
    source: ScannedSource,
    pieceLength: RequestedPieceLength,
    hasher: Hasher,
  ): Promise<Metainfo | undefined> {
    const path = this.#pathOf(source, pieceLength);
    try {
      const infoBytes = decode(await readBounded(path), fingerprint(source));
      if (infoBytes === undefined) return undefined;
      const metainfo = await parseInfo(infoBytes, hasher);
      const now = new Date();
      await utimes(path, now, now);
      return metainfo;
    } catch {
      return undefined;
    }
  }

  /**
   * Remembers what `source` hashed to, unless one of its files was written within two seconds of `hashedFromMs`
   * (milliseconds since 1970), when hashing began.
   */
  async remember(
    source: ScannedSource,
    pieceLength: RequestedPieceLength,
    hashed: { readonly metainfo: Metainfo; readonly hashedFromMs: number },
  ): Promise<void> {
    const settledBefore = BigInt(Math.floor(hashed.hashedFromMs)) * 1_000_000n - SETTLED_NS;
    if (source.files.some((file) => file.mtimeNs > settledBefore)) return;
    const temporary = join(this.#directory, `new-${randomBytes(8).toString("hex")}`);
    try {
      await makeFolder(this.#directory, 0o700);
      await writeFile(temporary, encode(hashed.metainfo.infoBytes, fingerprint(source)), { mode: 0o600, flag: "wx" });
      await rename(temporary, this.#pathOf(source, pieceLength));
      await this.#forgetOldest();
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  #pathOf(source: ScannedSource, pieceLength: RequestedPieceLength): string {
    const key = createHash("sha256").update(`${pieceLength ?? "usual"}\0${source.path}`);
    return join(this.#directory, key.digest("hex"));
  }

  async #forgetOldest(): Promise<void> {
    const kept: { path: string; size: number; usedMs: number }[] = [];
    await runParallel(await readdir(this.#directory), PARALLEL_STATS, async (name) => {
      const path = join(this.#directory, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats?.isFile() !== true) return;
      if (/^[0-9a-f]{64}$/.test(name)) kept.push({ path, size: stats.size, usedMs: stats.mtimeMs });
      else if (name.startsWith("new-") && Date.now() - stats.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    });
    kept.sort((a, b) => b.usedMs - a.usedMs);
    let bytes = 0;
    for (const [nth, { path, size }] of kept.entries()) {
      bytes += size;
      // The newest is kept whatever its size: a metainfo is at most 32 MiB.
      if (nth > 0 && (nth >= MAX_SHARES || bytes > MAX_BYTES)) await rm(path, { force: true });
    }
  }
}

/** Differs whenever a file was added, removed, renamed, replaced or written. */
function fingerprint(source: ScannedSource): Uint8Array {
  const hash = createHash("sha256").update(`${source.isMultiFile}\0${source.name}\0`);
  for (const file of source.files) {
    // No component holds a NUL, so no two lists give the same text.
    hash.update(`${file.path.join("/")}\0${file.absolutePath}\0${file.length} ${file.mtimeNs} ${file.inode}\0`);
  }
  return hash.digest();
}

function encode(infoBytes: Uint8Array, print: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(infoBytes));
  return Buffer.concat([MAGIC, sum, print, infoBytes]);
}

/** The info bytes; undefined when they are damaged or of files that look otherwise. */
function decode(record: Buffer, print: Uint8Array): Uint8Array | undefined {
  if (record.length < HEAD_BYTES || !record.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!record.subarray(HEAD_BYTES - DIGEST_BYTES, HEAD_BYTES).equals(print)) return undefined;
  const infoBytes = record.subarray(HEAD_BYTES);
  return record.readUInt32BE(MAGIC.length) === crc32(infoBytes) ? infoBytes : undefined;
}

async function readBounded(path: string): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    return size > HEAD_BYTES + MAX_METAINFO_BYTES ? Buffer.alloc(0) : await handle.readFile();
  } finally {
    await handle.close();
  }
}
