import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, lutimes, open, readFile, rename, rm, rmdir, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ShoalError, type InfoHash } from "@shoal/peer-core";
import { diskError } from "../storage/disk-error.js";
import { makeFolder } from "../storage/make-folder.js";
import { OpenFileCache } from "../storage/open-file-cache.js";
import type { CheckedCreator } from "../storage/checked-writer.js";

const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
/** A FIFO put in a file's place must not hang the process. */
const NO_BLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** The metainfo of a share, beside its pieces. */
export const INFO_FILE = "info";
/** A file that is being written: what is left of them after a crash goes at the next start. */
export const NEW_FILE = /^\.new-[0-9a-f]{16}$/;

/** What is kept of a piece: which share's, and which. */
export interface PieceName {
  readonly infoHash: InfoHash;
  readonly piece: number;
}

/**
 * The files of a cache: DIRECTORY/INFOHASH/PIECE, one a piece, whole or not there at all. Symbolic links below DIRECTORY are
 * never followed. A bounded number is open at once, whatever the number of shares.
 */
export class CacheFiles {
  readonly #directory: string;
  readonly #open: OpenFileCache<string>;
  readonly #creator: CheckedCreator | undefined;

  constructor(directory: string, creator?: CheckedCreator) {
    this.#directory = directory;
    this.#creator = creator;
    this.#open = new OpenFileCache((path) => open(path, constants.O_RDONLY | NO_FOLLOW | NO_BLOCK));
  }

  pathOf({ infoHash, piece }: PieceName): string {
    return join(this.#directory, infoHash, String(piece));
  }

  /** Makes the folder of a share, in the place of whatever else has its name. Rejects with ShoalError "disk". */
  async makeShareFolder(infoHash: InfoHash): Promise<void> {
    const path = join(this.#directory, infoHash);
    try {
      const stats = await lstat(path).catch(() => undefined);
      if (stats !== undefined && !stats.isDirectory()) await unlink(path);
      await makeFolder(path, 0o700);
    } catch (error) {
      throw diskError(error, "make the folder", path);
    }
  }

  /** Removes a share's metainfo and, unless something foreign lies in it, its folder. Never rejects. */
  async removeShareFolder(infoHash: InfoHash): Promise<void> {
    await this.removeInfo(infoHash);
    await rmdir(join(this.#directory, infoHash)).catch(() => undefined);
  }

  /** Fills `into` from `begin` of a piece's file. Rejects with ShoalError "disk" when that is not possible. */
  async read(name: PieceName, begin: number, into: Uint8Array): Promise<void> {
    const path = this.pathOf(name);
    try {
      const isFilled = await this.#open.use(path, (handle) => fill(handle, begin, into));
      if (isFilled) return;
    } catch (error) {
      throw diskError(error, "read", path);
    }
    throw new ShoalError("disk", `${path} is shorter than what was stored`);
  }

  /** Stores a piece, all or nothing. Rejects with ShoalError "disk-full" or "disk". */
  async write(name: PieceName, data: Uint8Array): Promise<void> {
    await this.#replace(this.pathOf(name), data);
    // Whoever has the file open that was there before reads that one.
    this.#open.drop(this.pathOf(name));
  }

  /**
   * Stores a piece as `write` does if its SHA-1 is `sha1`, in one go and away from this thread; resolves to whether it is,
   * undefined when that could not be done.
   */
  async writeIfMatching(name: PieceName, data: Uint8Array, sha1: Uint8Array): Promise<boolean | undefined> {
    if (this.#creator?.takes(data) !== true) return undefined;
    const path = this.pathOf(name);
    try {
      const isStored = await this.#creator.create(data, sha1, { path, temporary: temporaryFor(path) });
      if (isStored === true) this.#open.drop(path);
      return isStored;
    } catch (error) {
      throw diskError(error, `write ${data.length} bytes to`, path);
    }
  }

  /** Removes whatever has the name of a piece. Never rejects: what cannot be removed is found again at the next start. */
  async remove(name: PieceName): Promise<void> {
    const path = this.pathOf(name);
    // A file that is open keeps its room on the disk.
    this.#open.drop(path);
    await unlink(path).catch(() => rm(path, { recursive: true, force: true }).catch(() => undefined));
  }

  /** Makes a file say when its piece was served last, for the next start. Never rejects. */
  async noteServed(name: PieceName, servedAt: number): Promise<void> {
    const time = servedAt / 1000;
    await lutimes(this.pathOf(name), time, time).catch(() => undefined);
  }

  /** The bytes that lie beside a share's pieces as its metainfo, `maxBytes` at most; undefined when there are none. */
  async readInfo(infoHash: InfoHash, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      const path = join(this.#directory, infoHash, INFO_FILE);
      const stats = await lstat(path);
      return stats.isFile() && stats.size <= maxBytes ? await readFile(path) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Rejects with ShoalError "disk-full" or "disk". */
  async writeInfo(infoHash: InfoHash, bytes: Uint8Array): Promise<void> {
    await this.#replace(join(this.#directory, infoHash, INFO_FILE), bytes);
  }

  /** Never rejects. */
  async removeInfo(infoHash: InfoHash): Promise<void> {
    await unlink(join(this.#directory, infoHash, INFO_FILE)).catch(() => undefined);
  }

  /** Nothing may be in use any more. */
  async close(): Promise<void> {
    await this.#open.closeAll();
  }

  async #replace(path: string, data: Uint8Array): Promise<void> {
    const temporary = temporaryFor(path);
    try {
      // Exclusive creation follows no link either.
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(data);
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw diskError(error, `write ${data.length} bytes to`, path);
    }
  }
}

/** Of this process: a thousand files a second would each wait for the system's randomness. */
const TEMPORARY_PREFIX = randomBytes(4).toString("hex");
let temporaries = 0;

/** A name of the same folder that nobody has; see NEW_FILE. */
function temporaryFor(path: string): string {
  const nth = (temporaries++ >>> 0).toString(16).padStart(8, "0").slice(-8);
  return join(path, "..", `.new-${TEMPORARY_PREFIX}${nth}`);
}

/** False when the file ends before `into` is full. */
async function fill(handle: FileHandle, begin: number, into: Uint8Array): Promise<boolean> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await handle.read(into, done, into.length - done, begin + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
