import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { InfoHash, ShoalError } from "@shoal/peer-core";
import { diskError, errnoOf } from "./disk-error.js";
import { encodeHeader, encodeRecords, EPOCH_BYTES, RECORD_BYTES, type StateRecord } from "./state-record.js";

const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** A larger log than this is not ours: 2^20 pieces and as many stamps, twice over, stay below. */
const MAX_LOG_BYTES = 4 * 2 ** 20 * RECORD_BYTES;

/** The bytes of an existing log; undefined when there is none, empty when it cannot be one of ours. */
export async function readStateLog(path: string): Promise<Uint8Array | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | NO_FOLLOW);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw diskError(error, "open", path);
  }
  try {
    const { size } = await handle.stat();
    return size > MAX_LOG_BYTES ? new Uint8Array() : await handle.readFile();
  } catch (error) {
    throw diskError(error, "read", path);
  } finally {
    await handle.close();
  }
}

const DOING = "write the record of";

/** What a log needs of its file. */
export type LogFile = Pick<FileHandle, "write" | "truncate" | "datasync" | "close">;

/** The append-only file that says which pieces are stored. One writer; appends keep their order. */
export class StateLog {
  readonly #target: string;
  readonly #file: LogFile;
  readonly #epoch: Uint8Array;
  #count: number;
  #tail: Promise<void> = Promise.resolve();
  #failure: ShoalError | undefined;

  /** Goes on with an open file that holds `count` records, the header counted. Errors name `target`, which it is of. */
  constructor(target: string, file: LogFile, start: { readonly epoch: Uint8Array; readonly count: number }) {
    this.#target = target;
    this.#file = file;
    this.#epoch = start.epoch;
    this.#count = start.count;
  }

  /**
   * Replaces whatever log there is by a new one with `records`, at once and durably: after a crash there is the old
   * one or the new one. Rejects with ShoalError "disk" or "disk-full", which names `target`: its user knows of no log.
   */
  static async create(
    path: string,
    share: { readonly infoHash: InfoHash; readonly pieceCount: number; readonly target: string },
    records: readonly StateRecord[],
  ): Promise<StateLog> {
    const temporary = `${path}.new`;
    let handle: FileHandle | undefined;
    try {
      await rm(temporary, { force: true });
      handle = await open(temporary, "wx+");
      const epoch = new Uint8Array(randomBytes(EPOCH_BYTES));
      await writeAt(handle, encodeHeader({ ...share, epoch }), 0);
      await writeAt(handle, encodeRecords(records, epoch, 1), RECORD_BYTES);
      await handle.sync();
      await rename(temporary, path);
      await syncFolder(dirname(path));
      return new StateLog(share.target, handle, { epoch, count: 1 + records.length });
    } catch (error) {
      await handle?.close();
      await rm(temporary, { force: true }).catch(() => undefined);
      throw diskError(error, DOING, share.target);
    }
  }

  /** Records in the log, the header counted. */
  get count(): number {
    return this.#count;
  }

  /** Hands records to the operating system, after all earlier ones. Rejects with ShoalError "disk" or "disk-full". */
  append(records: readonly StateRecord[]): Promise<void> {
    const appended = this.#tail.then(() => this.#append(records));
    this.#tail = appended.catch(() => undefined);
    return appended;
  }

  /** Brings all that was appended to the disk. */
  async sync(): Promise<void> {
    await this.#tail;
    try {
      await this.#file.datasync();
    } catch (error) {
      throw diskError(error, DOING, this.#target);
    }
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#file.close();
  }

  async #append(records: readonly StateRecord[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const end = this.#count * RECORD_BYTES;
    try {
      await writeAt(this.#file, encodeRecords(records, this.#epoch, this.#count), end);
      this.#count += records.length;
    } catch (error) {
      const failure = diskError(error, DOING, this.#target);
      // A later append over a part of this one would leave the rest of it behind, valid and out of order.
      await this.#file.truncate(end).catch(() => (this.#failure = failure));
      throw failure;
    }
  }
}

/** Writes all of `bytes`: a single write may be cut short by a disk that fills up. */
export async function writeAt(file: Pick<FileHandle, "write">, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Brings the names in a folder to the disk; best effort where folders cannot be synced (Windows, some network disks). */
export async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY);
  } catch {
    return;
  }
  await handle.sync().catch(() => undefined);
  await handle.close();
}
