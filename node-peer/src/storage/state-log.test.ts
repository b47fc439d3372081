import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInfoHash } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStateLog, StateLog, syncFolder, writeAt, type LogFile } from "./state-log.js";
import { decodeHeader, decodeRecord, RECORD_BYTES, type StateRecord } from "./state-record.js";

const infoHash = parseInfoHash("0123456789abcdef0123456789abcdef01234567")!;
const content = { infoHash, pieceCount: 6 };
const share = { ...content, target: "film.mkv.part" };
const epoch = new Uint8Array(8).fill(9);

const lost = (piece: number): StateRecord => ({ type: "lost", piece });

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-log-"));
  path = join(directory, "state");
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A file in memory that takes `mostAtOnce` bytes a write, on a disk that has only `room` bytes. */
class FaultyFile {
  bytes: number[] = [];
  syncedBytes = 0;
  isClosed = false;
  canTruncate = true;
  canSync = true;
  room = Infinity;
  mostAtOnce = 7;
  readonly file = this as unknown as LogFile;

  async write(from: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    await new Promise(setImmediate);
    if (offset + length > from.length) throw new RangeError("more than there is");
    const bytesWritten = Math.min(length, this.mostAtOnce, this.room - position);
    if (bytesWritten <= 0) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    if (position > this.bytes.length) throw new Error("a hole");
    const written = from.subarray(offset, offset + bytesWritten);
    this.bytes.splice(position, written.length, ...written);
    return { bytesWritten };
  }

  truncate(length: number): Promise<void> {
    if (!this.canTruncate) return Promise.reject(new Error("input/output error"));
    this.bytes.length = length;
    return Promise.resolve();
  }

  datasync(): Promise<void> {
    if (!this.canSync) return Promise.reject(new Error("input/output error"));
    this.syncedBytes = this.bytes.length;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** The records in it as they are read, of a log whose header is not in this file. */
  get records(): (StateRecord | undefined)[] {
    const bytes = Uint8Array.from(this.bytes);
    return Array.from({ length: Math.ceil(bytes.length / RECORD_BYTES) }, (_, at) =>
      decodeRecord(bytes.slice(at * RECORD_BYTES, (at + 1) * RECORD_BYTES), epoch, at),
    );
  }
}

function logOn(disk: FaultyFile): StateLog {
  return new StateLog(share.target, disk.file, { epoch, count: 0 });
}

/** Files of the folder that this process has open. */
async function openFiles(): Promise<string[]> {
  const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return (await Promise.all(links)).filter((link) => link.startsWith(directory));
}

describe("a state log", () => {
  it("keeps its records in order, each in the place that it was written for", async () => {
    const disk = new FaultyFile();
    const log = logOn(disk);
    await Promise.all([log.append([lost(1), lost(2)]), log.append([lost(3)])]);
    expect(disk.records).toEqual([lost(1), lost(2), lost(3)]);
    expect(log.count).toBe(3);
  });

  it("brings to the disk what was appended before, and closes behind it", async () => {
    const disk = new FaultyFile();
    const log = logOn(disk);
    void log.append([lost(1)]);
    await log.sync();
    expect(disk.syncedBytes).toBe(RECORD_BYTES);
    void log.append([lost(2)]);
    await log.close();
    expect([disk.bytes.length, disk.isClosed]).toEqual([2 * RECORD_BYTES, true]);
  });

  it("leaves nothing of what a full disk cut short, and goes on once there is room", async () => {
    const disk = new FaultyFile();
    const log = logOn(disk);
    await log.append([lost(1)]);
    disk.room = 2.5 * RECORD_BYTES;
    const failed = log.append([lost(2), lost(3)]);
    const after = log.append([lost(4)]);
    await expect(failed).rejects.toMatchObject({
      code: "disk-full",
      message: "Cannot write the record of film.mkv.part: the disk is full",
    });
    await after;
    expect([disk.records, log.count]).toEqual([[lost(1), lost(4)], 2]);
  });

  it("writes no more once part of a failed append cannot be taken back", async () => {
    const disk = new FaultyFile();
    const log = logOn(disk);
    disk.room = 1.5 * RECORD_BYTES;
    disk.canTruncate = false;
    await expect(log.append([lost(1), lost(2)])).rejects.toMatchObject({ code: "disk-full" });
    disk.room = Infinity;
    await expect(log.append([lost(3)])).rejects.toMatchObject({ code: "disk-full" });
    expect([disk.bytes.length, log.count]).toEqual([1.5 * RECORD_BYTES, 0]);
  });

  it("says when the disk does not take what was appended", async () => {
    const disk = new FaultyFile();
    disk.canSync = false;
    await expect(logOn(disk).sync()).rejects.toMatchObject({ code: "disk" });
  });
});

describe("a new state log", () => {
  it("takes the place of the old one and of what an attempt has left, and nothing else is left", async () => {
    await writeFile(path, "old");
    await writeFile(`${path}.new`, "half");
    const log = await StateLog.create(path, share, [lost(1)]);
    await log.append([lost(2)]);
    expect([log.count, await readdir(directory)]).toEqual([3, ["state"]]);
    await log.close();
    const bytes = (await readStateLog(path))!;
    const header = decodeHeader(bytes);
    expect(header).toMatchObject(content);
    const recordAt = (at: number) => decodeRecord(bytes.subarray(at * RECORD_BYTES), header!.epoch, at);
    expect([bytes.length, recordAt(1), recordAt(2)]).toEqual([3 * RECORD_BYTES, lost(1), lost(2)]);
  });

  it("leaves the old one as it was where it cannot be made, and nothing beside it", async () => {
    await mkdir(join(path, "full"), { recursive: true });
    await expect(StateLog.create(path, share, [])).rejects.toMatchObject({ code: "disk" });
    expect(await readdir(directory)).toEqual(["state"]);
    if (process.platform === "linux") expect(await openFiles()).toEqual([]);
    await expect(StateLog.create(join(directory, "no", "state"), share, [])).rejects.toMatchObject({ code: "disk" });
  });
});

describe("reading a state log", () => {
  it("gives all of it, however long, and nothing where there is none", async () => {
    expect(await readStateLog(path)).toBeUndefined();
    await writeFile(path, new Uint8Array(10_000 * RECORD_BYTES).fill(7));
    expect(Buffer.compare((await readStateLog(path))!, await readFile(path))).toBe(0);
    if (process.platform === "linux") expect(await openFiles()).toEqual([]);
  });

  it("takes nothing that is larger than any log of ours into memory", async () => {
    await writeFile(path, "");
    await truncate(path, 4 * 2 ** 20 * RECORD_BYTES + 1);
    expect(await readStateLog(path)).toHaveLength(0);
  });

  it("follows no link, and says that it cannot read what is no file", async () => {
    await writeFile(join(directory, "other"), "somebody's");
    await symlink(join(directory, "other"), path);
    await expect(readStateLog(path)).rejects.toMatchObject({ code: "disk" });
    await expect(readStateLog(directory)).rejects.toMatchObject({ code: "disk" });
  });
});

describe("writing at a place", () => {
  it("writes on where the system took less", async () => {
    const disk = new FaultyFile();
    disk.bytes = [1, 2, 3];
    await writeAt(disk.file, new Uint8Array(20).fill(5), 2);
    expect(disk.bytes).toEqual([1, 2, ...new Array<number>(20).fill(5)]);
  });
});

it("does without syncing a folder that cannot be opened", async () => {
  await expect(syncFolder(join(directory, "missing"))).resolves.toBeUndefined();
});
