import { runParallel } from "./run-parallel.js";
import type { StateLog } from "./state-log.js";
import { BOOT_ID_BYTES, type FileStamp, type StateRecord } from "./state-record.js";

/**
 * Synced this often while pieces come in: what a power failure makes us hash again stays small. Not more often, since a file
 * system that brings a file to the disk may let nobody write to it meanwhile (ext4: a fifth of the rate, at one second).
 */
const SYNC_MS = 5_000;

/** Claims that come within this time enter the log together: a fast download would write hundreds of records a second. */
const RECORD_PAUSE_MS = 20;

/** Half of libuv's four threads: reading, writing and hashing go on meanwhile. */
const PARALLEL_SYNCS = 2;
/** When somebody waits for it, all of them: the file system joins syncs into few journal commits. */
const PARALLEL_SYNCS_OF_FLUSH = 8;
const PARALLEL_STATS = 4;

/** What the recorder needs of the log. */
export type ClaimLog = Pick<StateLog, "count" | "append" | "sync" | "close">;

/** What the recorder needs of the files. */
export interface RecordedFiles {
  /** What the file looks like now; undefined when it cannot be told. */
  stampOf(file: number): Promise<FileStamp | undefined>;
  /** Brings the bytes of the file to the disk. */
  syncFile(file: number): Promise<void>;
  /** Brings the names of new files and folders to the disk. */
  syncFolders(): Promise<void>;
}

/**
 * Writes down which pieces are stored. A claim is appended to the log right after its bytes were written, so that a
 * killed process (the page cache outlives it) has lost only what it was writing. The bytes are synced now and then, and
 * only then the log says so: after a power failure claims beyond that point are hashed anew, not believed.
 */
export class ClaimRecorder {
  readonly #log: ClaimLog;
  readonly #files: RecordedFiles;
  #pieces: number[] = [];
  #stale = new Set<number>();
  #unsynced = new Set<number>();
  #recording: Promise<void> = Promise.resolve();
  #isRecording = false;
  #isAwaited = false;
  #endPause: (() => void) | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Of the last attempt to append; what it was about is still pending. */
  #recordFailure: { readonly error: unknown } | undefined;
  /** Of any sync: from then on nobody knows what reached the disk. */
  #syncFailure: { readonly error: unknown } | undefined;

  /** `unsynced` are files that have claimed bytes which may not be on the disk yet. */
  constructor(log: ClaimLog, files: RecordedFiles, unsynced: Iterable<number>) {
    this.#log = log;
    this.#files = files;
    this.#unsynced = new Set(unsynced);
  }

  /** To be awaited before each write: tries again what could not be recorded. Rejects when it still cannot. */
  async ready(): Promise<void> {
    if (this.#syncFailure !== undefined) throw this.#syncFailure.error;
    if (this.#recordFailure === undefined) return;
    this.#record();
    await this.recorded();
  }

  /** Notes that a piece was written to `files`. */
  claim(piece: number, files: readonly number[]): void {
    this.#pieces.push(piece);
    for (const file of files) {
      this.#stale.add(file);
      this.#unsynced.add(file);
    }
    this.#record();
    this.#syncSoon();
  }

  /** Records durably that a piece is not stored any more. */
  async lose(piece: number): Promise<void> {
    await this.ready();
    await this.recorded();
    await this.#log.append([{ type: "lost", piece }]);
    await this.#log.sync();
  }

  /** Brings the bytes of all claims to the disk, then the claims. */
  async flush(): Promise<void> {
    await this.ready();
    await this.recorded();
    await this.#sync(PARALLEL_SYNCS_OF_FLUSH);
    await this.ready();
    await this.#log.sync();
  }

  /** Flushes and closes the log, which is closed even when that fails. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.stop();
      await this.#syncing;
      await this.#log.close();
    }
  }

  /** Begins no more syncs. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves once all claims so far are in the log. */
  async recorded(): Promise<void> {
    this.#isAwaited = true;
    this.#endPause?.();
    await this.#recording;
    this.#isAwaited = false;
    if (this.#recordFailure !== undefined) throw this.#recordFailure.error;
  }

  /** Never leaves a rejected promise behind: what fails is told to whoever writes or flushes next. */
  #record(): void {
    if (this.#isRecording) return;
    this.#isRecording = true;
    this.#recordFailure = undefined;
    this.#recording = this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#pieces.length > 0 && this.#recordFailure === undefined) {
      const pieces = this.#pieces;
      const files = this.#stale;
      this.#pieces = [];
      this.#stale = new Set();
      try {
        await this.#log.append([...rangesOf(pieces, "have"), ...(await stampRecords(files, this.#files))]);
        await this.#pause();
      } catch (error) {
        this.#recordFailure = { error };
        this.#pieces.push(...pieces);
        for (const file of files) this.#stale.add(file);
      }
    }
    this.#isRecording = false;
  }

  /** Until there is more to write down at once, or somebody waits for it. */
  async #pause(): Promise<void> {
    if (this.#isAwaited) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RECORD_PAUSE_MS);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endPause = undefined;
  }

  #syncSoon(): void {
    this.#timer ??= setTimeout(() => void this.#sync(PARALLEL_SYNCS), SYNC_MS).unref();
  }

  /** Never rejects: what fails is kept for whoever writes or flushes next. */
  #sync(parallel: number): Promise<void> {
    this.stop();
    this.#syncing = this.#syncing.then(() => this.#syncNow(parallel));
    return this.#syncing;
  }

  async #syncNow(parallel: number): Promise<void> {
    // Claims that are in the log by now are of files in this set or of files synced before: both enter together.
    const records = this.#log.count;
    const files = this.#unsynced;
    if (files.size === 0 || this.#syncFailure !== undefined) return;
    this.#unsynced = new Set();
    try {
      await this.#files.syncFolders();
      await runParallel(files, parallel, (file) => this.#files.syncFile(file));
      await this.#log.append([{ type: "synced", records }]);
      await this.#log.sync();
    } catch (error) {
      this.#syncFailure = { error };
      // The system may have dropped what it could not write: as after a power failure, nothing unsynced is believed.
      await this.#log.append([{ type: "boot", bootId: new Uint8Array(BOOT_ID_BYTES) }]).catch(() => undefined);
    }
  }
}

async function stampRecords(files: Iterable<number>, from: RecordedFiles): Promise<StateRecord[]> {
  const records: StateRecord[] = [];
  await runParallel(files, PARALLEL_STATS, async (file) => {
    const stamp = await from.stampOf(file);
    if (stamp !== undefined) records.push({ type: "stamp", file, stamp });
  });
  return records;
}

/** Records of ascending runs, so that pieces that came in order take one record. */
export function rangesOf(indexes: readonly number[], type: "have" | "wanted"): StateRecord[] {
  const sorted = [...indexes].sort((a, b) => a - b);
  const records: StateRecord[] = [];
  let first = 0;
  for (let at = 1; at <= sorted.length; at++) {
    if (sorted[at] === (sorted[at - 1] ?? 0) + 1) continue;
    const start = sorted[first] ?? 0;
    records.push({ type, first: start, count: at - first });
    first = at;
  }
  return records;
}
