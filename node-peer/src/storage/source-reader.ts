import { constants, fstatSync } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { ShoalError } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import { errnoOf, reasonOf } from "./disk-error.js";
import { JoinedReads } from "./joined-reads.js";
import { OpenFileCache } from "./open-file-cache.js";
import { runParallel } from "./run-parallel.js";

/** A FIFO put in a file's place must not hang the process. */
const NO_BLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;
const PARALLEL_STATS = 16;

/** One of the user's own files, as it was when it was found. */
export interface SourceFileIdentity {
  readonly absolutePath: string;
  readonly length: number;
  readonly mtimeNs: bigint;
}

/**
 * Reads the user's own files in place and notices when one is not what it was. Rejects with ShoalError "source-changed"
 * (naming the file) then, and with "source" when a file cannot be read.
 */
export class SourceReader {
  readonly #files: readonly SourceFileIdentity[];
  readonly #cache: OpenFileCache;
  readonly #reads = new JoinedReads();
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(files: readonly SourceFileIdentity[]) {
    this.#files = files;
    this.#cache = new OpenFileCache((file) => this.#open(file));
  }

  /** Reads into `into` from `position` of a file; resolves to the bytes read, fewer only at the file's end. */
  async read(file: number, position: number, into: Uint8Array): Promise<number> {
    if (this.#isClosed) throw new ShoalError("source", `${this.#nameOf(file)} is not shared any more`);
    const reading = this.#read(file, position, into);
    this.#underWay.add(reading);
    try {
      return await reading;
    } finally {
      this.#underWay.delete(reading);
    }
  }

  /** Looks at every file: rejects when one has changed since it was found. */
  async assertUnchanged(): Promise<void> {
    await runParallel(this.#files.keys(), PARALLEL_STATS, async (file) => {
      const stats = await stat(this.#identity(file).absolutePath, { bigint: true }).catch((error: unknown) => {
        throw this.#failure(file, error);
      });
      this.#compare(file, stats);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
    await this.#cache.closeAll();
  }

  async #read(file: number, position: number, into: Uint8Array): Promise<number> {
    try {
      return await this.#cache.use(file, async (handle) => {
        const done = await this.#reads.read(handle, position, into);
        this.#look(file, handle);
        return done;
      });
    } catch (error) {
      throw this.#failure(file, error);
    }
  }

  /**
   * Looks at a file after a read of it, so that what was read is covered: nobody is sent bytes of a file that has changed. On
   * this thread: a look takes microseconds, and another thread to be woken for each costs half as much again as all of seeding.
   */
  #look(file: number, { fd }: FileHandle): void {
    this.#compare(file, fstatSync(fd, { bigint: true }));
  }

  async #open(file: number): Promise<FileHandle> {
    const handle = await open(this.#identity(file).absolutePath, constants.O_RDONLY | NO_BLOCK);
    // A file of the same name may have taken its place while it was closed.
    try {
      this.#compare(file, await handle.stat({ bigint: true }));
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #compare(
    file: number,
    stats: { readonly size: bigint; readonly mtimeNs: bigint; readonly isFile: () => boolean },
  ): void {
    const { length, mtimeNs } = this.#identity(file);
    if (stats.isFile() && stats.size === BigInt(length) && stats.mtimeNs === mtimeNs) return;
    const how = stats.size === BigInt(length) ? "was written to" : `has ${stats.size} bytes instead of ${length}`;
    throw new ShoalError("source-changed", `${this.#nameOf(file)} ${how} since it was read for sharing; share it anew`);
  }

  #failure(file: number, error: unknown): ShoalError {
    if (error instanceof ShoalError) return error;
    if (errnoOf(error) === "ENOENT") {
      return new ShoalError(
        "source-changed",
        `${this.#nameOf(file)} is gone since it was shared; put it back and share it anew`,
        { cause: error },
      );
    }
    return new ShoalError("source", `Cannot read ${this.#nameOf(file)}: ${reasonOf(error)}`, { cause: error });
  }

  #identity(file: number): SourceFileIdentity {
    const identity = this.#files[file];
    if (identity === undefined) throw new RangeError(`There are ${this.#files.length} files, none is number ${file}`);
    return identity;
  }

  #nameOf(file: number): string {
    return displayName(this.#identity(file).absolutePath);
  }
}
