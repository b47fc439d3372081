import { constants, type BigIntStats } from "node:fs";
import { lstat, mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ShoalError } from "@shoal/peer-core";
import { diskError, errnoOf } from "./disk-error.js";
import { runParallel } from "./run-parallel.js";
import { syncFolder } from "./state-log.js";

const PARALLEL_SYNCS = 8;

/** Absent on Windows, where making a symbolic link takes a privilege. */
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
/** A FIFO put in a file's place must not hang the process. */
const NO_BLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;

/**
 * Opens files below a folder that is ours, following no symbolic link below it: every folder on the way is looked at
 * once, the file itself is opened with O_NOFOLLOW. Node has no `openat`, so somebody who may write into the target can
 * still swap a folder after it was looked at; whoever may do that may change the files as well.
 */
export class TargetFolder {
  readonly #root: string;
  /** Folders that were seen to be folders, or are being looked at. */
  readonly #checked = new Map<string, Promise<void>>();
  /** Folders that have entries which may not be on the disk yet. */
  readonly #changed = new Set<string>();
  /** The path under which each file was opened first, by inode. */
  readonly #openedAs = new Map<bigint, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Absolute path of `components` below the root. */
  pathOf(components: readonly string[]): string {
    return join(this.#root, ...components);
  }

  /**
   * Opens a file for reading and writing, making it and its folders when missing, and giving it `length` bytes (sparse)
   * when that is said. Rejects with ShoalError "disk" or "disk-full".
   */
  async openForWriting(components: readonly string[], length?: number): Promise<FileHandle> {
    const path = this.pathOf(components);
    if (components.length > 0) await this.makeFolders(components.slice(0, -1));
    try {
      return await this.#openSized(path, length);
    } catch (error) {
      throw diskError(error, "open", path);
    }
  }

  /** Opens an existing file for reading. Rejects with ShoalError "disk". */
  async openForReading(components: readonly string[]): Promise<FileHandle> {
    const path = this.pathOf(components);
    try {
      for (let depth = 0; depth < components.length; depth++) await this.#check(components.slice(0, depth));
      const handle = await open(path, constants.O_RDONLY | NO_FOLLOW | NO_BLOCK);
      return await orClose(handle, () => assertRegular(handle, path));
    } catch (error) {
      throw diskError(error, "open", path);
    }
  }

  /** Makes the root and the folders below it, accepting those that exist. Rejects with ShoalError "disk" for links. */
  async makeFolders(components: readonly string[]): Promise<void> {
    for (let depth = 0; depth <= components.length; depth++) await this.#make(components.slice(0, depth));
  }

  /** Brings the names of what was made here to the disk. */
  async syncChanged(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    await runParallel(changed, PARALLEL_SYNCS, syncFolder);
  }

  async #openSized(path: string, length: number | undefined): Promise<FileHandle> {
    const flags = constants.O_RDWR | constants.O_CREAT | NO_FOLLOW | NO_BLOCK;
    const handle = await open(path, flags, 0o666);
    return await orClose(handle, async () => {
      const { size, ino } = await assertRegular(handle, path);
      this.#assertOwnFile(path, ino);
      if (length !== undefined && size !== BigInt(length)) await handle.truncate(length);
      if (size === 0n) this.#changed.add(dirname(path));
    });
  }

  /** Where names that differ in case or in Unicode form are one file, two files of a share must not be written into it. */
  #assertOwnFile(path: string, inode: bigint): void {
    const other = this.#openedAs.get(inode);
    if (other !== undefined && other !== path) {
      throw new ShoalError("unsafe-name", `${path} and ${other} are one and the same file on this disk`);
    }
    this.#openedAs.set(inode, path);
  }

  #make(components: readonly string[]): Promise<void> {
    return this.#once(components, async (path) => {
      try {
        await mkdir(path);
        this.#changed.add(dirname(path));
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw diskError(error, "make the folder", path);
        await assertFolder(path);
      }
    });
  }

  #check(components: readonly string[]): Promise<void> {
    return this.#once(components, assertFolder);
  }

  #once(components: readonly string[], look: (path: string) => Promise<void>): Promise<void> {
    const path = this.pathOf(components);
    const known = this.#checked.get(path);
    if (known !== undefined) return known;
    const looking = look(path);
    this.#checked.set(path, looking);
    looking.catch(() => this.#checked.delete(path));
    return looking;
  }
}

async function assertFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) {
    throw new ShoalError("disk", `${path} is a symbolic link, which is not followed; remove it and try again`);
  }
  if (!stats.isDirectory()) throw new ShoalError("disk", `${path} is not a folder; remove it and try again`);
}

async function assertRegular(handle: FileHandle, path: string): Promise<BigIntStats> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) throw new ShoalError("disk", `${path} is not an ordinary file; remove it and try again`);
  return stats;
}

async function orClose(handle: FileHandle, check: () => Promise<unknown>): Promise<FileHandle> {
  try {
    await check();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
