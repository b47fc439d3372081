import { lstat, type FileHandle } from "node:fs/promises";
import { UNWANTED_FILE, type FileLayout, type Metainfo, type Run } from "@shoal/peer-core/torrent";
import type { CheckedWriter, FilePlace } from "./checked-writer.js";
import { diskError, errnoOf } from "./disk-error.js";
import { lookAt, type FileLook, type FileLooks } from "./file-look.js";
import { FileTurns } from "./file-turns.js";
import { JoinedReads } from "./joined-reads.js";
import { OpenFileCache } from "./open-file-cache.js";
import { runParallel } from "./run-parallel.js";
import { writeAt } from "./state-log.js";
import type { FileStamp } from "./state-record.js";
import { TargetFolder } from "./target-folder.js";
import { componentsOf, type TargetPaths } from "./target-paths.js";

/** Files of one piece worked on at once: libuv has four threads. */
const PARALLEL_RUNS = 4;

/** A piece of more files than this is written file by file: all of them would have to be open at once. */
const MAX_CHECKED_RUNS = 4;

type StoredRun = Exclude<Run, { kind: "padding" }>;

/** The bytes of a share in the files of a download, addressed by their offset in the share. */
export class PartFiles {
  readonly #metainfo: Metainfo;
  readonly #layout: FileLayout;
  readonly #unwanted: TargetFolder;
  readonly #final: TargetFolder;
  readonly #writer: CheckedWriter | undefined;
  readonly #cache: OpenFileCache;
  readonly #turns = new FileTurns();
  readonly #reads = new JoinedReads();
  #folder: TargetFolder;
  /**
   * "reading": nothing is written, made or given its length. "moving": neither, and the old name may be gone at any time.
   */
  #stage: "part" | "reading" | "moving" | "placed" = "part";

  constructor(metainfo: Metainfo, layout: FileLayout, paths: TargetPaths, writer?: CheckedWriter) {
    this.#metainfo = metainfo;
    this.#layout = layout;
    this.#folder = new TargetFolder(paths.partPath);
    this.#unwanted = new TargetFolder(paths.unwantedPath);
    this.#final = new TargetFolder(paths.finalPath);
    this.#writer = writer;
    this.#cache = new OpenFileCache((file) => this.#open(file));
  }

  /**
   * Fills `into` from byte `offset` of the share; false when a file ends first. Notes in `looks` what each of the share's
   * files looks like after it was read. Rejects with ShoalError "disk".
   */
  async read(offset: number, into: Uint8Array, looks?: FileLooks): Promise<boolean> {
    let isComplete = true;
    await this.#eachRun(offset, into, async (run, part) => {
      const doing = `read ${part.length} bytes of`;
      const read = async (handle: FileHandle) => {
        const done = await this.#reads.read(handle, run.position, part);
        if (looks !== undefined && run.kind === "file") looks.set(run.file, lookAt(handle));
        return done;
      };
      if ((await this.#use(fileOf(run), doing, read)) < part.length) isComplete = false;
    });
    return isComplete;
  }

  /** Writes `data` at byte `offset` of the share; padding is dropped. Rejects with ShoalError "disk" or "disk-full". */
  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#eachRun(offset, data, (run, part) =>
      this.#turns.take(fileOf(run), () =>
        this.#use(fileOf(run), `write ${part.length} bytes to`, (handle) => writeAt(handle, part, run.position)),
      ),
    );
  }

  /**
   * Hashes `data` and, if its SHA-1 is `sha1`, writes it at byte `offset`, both in another thread; resolves to whether it
   * was. Undefined when there is no thread for it now. Rejects with ShoalError "disk" or "disk-full".
   */
  async writeIfMatching(offset: number, data: Uint8Array, sha1: Uint8Array): Promise<boolean | undefined> {
    const runs = this.#layout.runs(offset, data.length).filter((run) => run.kind !== "padding");
    const writer = this.#writer;
    if (writer === undefined || runs.length > MAX_CHECKED_RUNS || !writer.takes(data)) return undefined;
    return await this.#withOpen(runs, [], (places) => writer.write(data, sha1, places));
  }

  /** Makes the stored files that have no bytes, and the folder of the share if it has no other. */
  async makeEmptyFiles(): Promise<void> {
    if (this.#metainfo.isMultiFile) await this.#folder.makeFolders([]);
    for (const [file, entry] of this.#metainfo.files.entries()) {
      if (entry.length === 0 && this.#layout.isStored(file)) await this.#use(file, "open", () => Promise.resolve());
    }
  }

  /** Makes a stored file if it is missing, and gives it its length. Rejects with ShoalError "disk" or "disk-full". */
  async shape(file: number): Promise<void> {
    await this.#use(file, "open", () => Promise.resolve());
  }

  /** What a file looks like now; undefined unless it is an ordinary file of its full length. */
  async stampOf(file: number): Promise<FileStamp | undefined> {
    try {
      const stats = await lstat(this.#pathOf(file), { bigint: true });
      const length = file === UNWANTED_FILE ? stats.size : BigInt(this.#metainfo.files[file]?.length ?? -1);
      if (!stats.isFile() || stats.size !== length) return undefined;
      return { mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs, inode: stats.ino };
    } catch {
      return undefined;
    }
  }

  /** What the files under their own names look like now, those that are as long as they should be. */
  async looks(): Promise<ReadonlyMap<number, FileLook>> {
    const looks: FileLooks = new Map();
    const stored = [...this.#metainfo.files.keys()].filter((file) => this.#layout.isStored(file));
    await runParallel(stored, PARALLEL_RUNS, async (file) => {
      const stamp = await this.stampOf(file);
      if (stamp !== undefined) looks.set(file, this.lookOf(file, stamp));
    });
    return looks;
  }

  /** What a file looked like that `stampOf` had a stamp of: it had its full length. */
  lookOf(file: number, { mtimeNs, inode }: FileStamp): FileLook {
    return { mtimeNs, inode, size: BigInt(this.#metainfo.files[file]?.length ?? -1) };
  }

  /** Brings the bytes of a file to the disk, also while the download is being given its final name. */
  async syncFile(file: number): Promise<void> {
    try {
      await (this.#cache.useIfOpen(file, (handle) => handle.datasync()) ?? this.#syncClosed(file));
    } catch (error) {
      throw diskError(error, "sync", this.#pathOf(file));
    }
  }

  /** Brings the names of new files and folders to the disk. */
  async syncFolders(): Promise<void> {
    await this.#folder.syncChanged();
    await this.#unwanted.syncChanged();
  }

  /** Keeps the unwanted bytes readable until `close`, though their file is about to lose its name. */
  async keepUnwanted(): Promise<void> {
    try {
      // Looked at first, as opening would make it.
      await lstat(this.#pathOf(UNWANTED_FILE));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      throw diskError(error, "read", this.#pathOf(UNWANTED_FILE));
    }
    await this.#cache.pin(UNWANTED_FILE);
  }

  /** Closes the files that nobody uses just now. */
  async closeIdle(): Promise<void> {
    await this.#cache.closeIdle();
  }

  /** From now on files are opened read-only: none is made, none is given its length. */
  onlyRead(): void {
    this.#stage = "reading";
  }

  /** From now on nothing is written or made: files are opened read-only, under the one name or the other. */
  moving(): void {
    this.#stage = "moving";
  }

  /** It was not given its final name: as before `moving`. */
  stays(): void {
    this.#stage = "part";
    // What was opened meanwhile cannot be written to.
    for (const file of this.#metainfo.files.keys()) this.#cache.drop(file);
  }

  /** From now on files are opened where they are in the end, read-only. */
  placed(): void {
    this.#folder = this.#final;
    this.#stage = "placed";
  }

  /** Closes the files; nothing may be under way. */
  async close(): Promise<void> {
    await this.#cache.closeAll();
  }

  /** Never makes a file: of the two places one is empty. */
  async #syncClosed(file: number): Promise<void> {
    const handle = await this.#openExisting(file);
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async #openExisting(file: number): Promise<FileHandle> {
    if (file === UNWANTED_FILE) return await this.#unwanted.openForReading([]);
    const components = componentsOf(this.#metainfo, file);
    return await this.#folder.openForReading(components).catch(() => this.#final.openForReading(components));
  }

  /** Opens the file of each run, one after the other, and does `work` with all of them. */
  async #withOpen<T>(
    runs: readonly StoredRun[],
    places: readonly FilePlace[],
    work: (places: readonly FilePlace[]) => Promise<T>,
  ): Promise<T> {
    const run = runs[places.length];
    if (run === undefined) return await work(places);
    const { at, length, position } = run;
    return await this.#use(fileOf(run), `write ${length} bytes to`, ({ fd }) =>
      this.#withOpen(runs, [...places, { fd, at, length, position }], work),
    );
  }

  #open(file: number): Promise<FileHandle> {
    if (this.#stage === "moving") return this.#openExisting(file);
    // What is only read is made nowhere.
    const isReadOnly = this.#stage !== "part";
    if (file === UNWANTED_FILE)
      return isReadOnly ? this.#unwanted.openForReading([]) : this.#unwanted.openForWriting([]);
    const components = componentsOf(this.#metainfo, file);
    if (isReadOnly) return this.#folder.openForReading(components);
    return this.#folder.openForWriting(components, this.#metainfo.files[file]?.length ?? 0);
  }

  #pathOf(file: number): string {
    if (file === UNWANTED_FILE) return this.#unwanted.pathOf([]);
    return this.#folder.pathOf(componentsOf(this.#metainfo, file));
  }

  async #use<T>(file: number, doing: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    try {
      return await this.#cache.use(file, work);
    } catch (error) {
      throw diskError(error, doing, this.#pathOf(file));
    }
  }

  async #eachRun(
    offset: number,
    bytes: Uint8Array,
    work: (run: StoredRun, part: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const stored: StoredRun[] = [];
    for (const run of this.#layout.runs(offset, bytes.length)) {
      if (run.kind !== "padding") stored.push(run);
      else bytes.fill(0, run.at, run.at + run.length);
    }
    const one = (run: StoredRun) => work(run, bytes.subarray(run.at, run.at + run.length));
    const [first] = stored;
    if (first !== undefined && stored.length === 1) await one(first);
    else await runParallel(stored, PARALLEL_RUNS, one);
  }
}

function fileOf(run: StoredRun): number {
  return run.kind === "file" ? run.file : UNWANTED_FILE;
}
