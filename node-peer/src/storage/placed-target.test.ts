import { link, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBootId } from "./boot-id.js";
import type { FsPieceStore } from "./fs-piece-store.js";
import type { VerifyPiece } from "./confirm-claims.js";
import { openFsPieceStore, type FsPieceStoreOptions } from "./open-fs-piece-store.js";
import { doubtOfTarget, logShareOf, tidyTarget } from "./placed-target.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";
import { StateLog } from "./state-log.js";
import type { StateRecord } from "./state-record.js";
import { TargetLock } from "./target-lock.js";
import { targetPaths } from "./target-paths.js";

const PIECES = 5;
const ANOTHER_BOOT = new Uint8Array(16).fill(8);

let directory: string;
let store: FsPieceStore | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-placed-"));
  store = undefined;
});

afterEach(async () => {
  await store?.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(of: ShareFixture, options: Partial<FsPieceStoreOptions> = {}): Promise<FsPieceStore> {
  return (store = await openFsPieceStore({ metainfo: of.metainfo, directory, ...options }));
}

async function write(of: ShareFixture, pieces: readonly number[]): Promise<void> {
  for (const index of pieces) await store?.write(of.metainfo.geometry.pieceIndex(index), pieceBytes(of, index));
}

async function download(of: ShareFixture): Promise<void> {
  await open(of);
  await write(of, [0, 1, 2, 3, 4]);
  await store?.finish();
  await store?.close();
}

/** As if the machine, or the process alone, had ended right after the final name was given. */
async function leaveRecord(of: ShareFixture, bootId: Uint8Array, isSynced = false): Promise<void> {
  const records: StateRecord[] = [
    { type: "boot", bootId },
    { type: "wanted", first: 0, count: of.metainfo.files.length },
    { type: "have", first: 0, count: PIECES },
  ];
  if (isSynced) records.push({ type: "synced", records: 1 + records.length });
  const { statePath } = targetPaths(of.metainfo, directory);
  await (await StateLog.create(statePath, { ...logShareOf(of.metainfo), target: "target" }, records)).close();
}

async function damage(path: string, position: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

const film = () => makeShare("film.bin", PIECES * FIXTURE_PIECE);
const path = (name: string) => join(directory, name);

describe("what was left beside a target when its process was killed", () => {
  /** A lock of a process that is gone. */
  async function leaveLock(of: ShareFixture): Promise<void> {
    const holder = { pid: 4_194_303, started: "0", world: "another", host: "another" };
    const { lockPath } = targetPaths(of.metainfo, directory);
    await writeFile(lockPath, JSON.stringify(holder));
    await utimes(lockPath, 0, 0);
  }

  it("is removed: record, torn or not, and lock", async () => {
    const of = await film();
    await download(of);
    const { statePath } = targetPaths(of.metainfo, directory);
    for (const keptBytes of [Infinity, 30, 0]) {
      await leaveRecord(of, (await readBootId()) ?? ANOTHER_BOOT);
      await writeFile(statePath, (await readFile(statePath)).subarray(0, keptBytes));
      await leaveLock(of);
      await tidyTarget(of.metainfo, directory);
      expect(await readdir(directory), `${keptBytes} bytes of the record`).toEqual(["film.bin"]);
    }
    expect(await readFile(path("film.bin"))).toEqual(Buffer.from(of.content));
  });

  it("stays where the target is in doubt, and while another process is at it", async () => {
    const of = await film();
    await download(of);
    await leaveRecord(of, ANOTHER_BOOT);
    await tidyTarget(of.metainfo, directory);
    expect(await readdir(directory)).toHaveLength(2);
    const { lockPath } = targetPaths(of.metainfo, directory);
    const lock = await TargetLock.take(lockPath);
    const before = await readdir(directory);
    await tidyTarget(of.metainfo, directory);
    expect(await readdir(directory)).toEqual(before);
    await lock.release();
  });
});

describe("a target that was not on the disk yet when the machine stopped", () => {
  it("is said to be in doubt, and left alone", async () => {
    const of = await film();
    await download(of);
    expect(await doubtOfTarget(of.metainfo, directory)).toBeUndefined();
    await leaveRecord(of, ANOTHER_BOOT);
    expect(await doubtOfTarget(of.metainfo, directory)).toMatch(/film\.bin exists, .* may be damaged$/);
    await expect(open(of)).rejects.toMatchObject({
      code: "exists",
      message: expect.stringContaining("damaged") as string,
    });
    expect(await readFile(path("film.bin"))).toEqual(Buffer.from(of.content));
  });

  it("is checked, and what is missing fetched, where it may be replaced", async () => {
    const of = await film();
    await download(of);
    await leaveRecord(of, ANOTHER_BOOT);
    await damage(path("film.bin"), 2 * FIXTURE_PIECE + 5);
    await open(of, { existing: "overwrite", ...countingVerifier(of) });
    expect([...(store?.present() ?? [])]).toEqual([1, 1, 0, 1, 1]);
    expect((await readdir(directory)).filter((name) => name.startsWith("film"))).toEqual(["film.bin.part"]);
    await write(of, [2]);
    await store?.finish();
    await store?.close();
    expect(await readFile(path("film.bin"))).toEqual(Buffer.from(of.content));
    expect(await readdir(directory)).toEqual(["film.bin"]);
  });

  it("keeps its name when the check is stopped, and is checked again later", async () => {
    const of = await film();
    await download(of);
    await leaveRecord(of, ANOTHER_BOOT);
    const stop = new AbortController();
    const verifier = countingVerifier(of);
    const verifyPiece: VerifyPiece = (piece, bytes) => {
      stop.abort();
      return verifier.verifyPiece(piece, bytes);
    };
    const stopped = open(of, { existing: "overwrite", verifyPiece, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect((await readdir(directory)).filter((name) => name.startsWith("film"))).toEqual(["film.bin"]);
    expect(await doubtOfTarget(of.metainfo, directory)).toBeDefined();
    await open(of, { existing: "overwrite", ...countingVerifier(of) });
    expect([...(store?.present() ?? [])]).toEqual([1, 1, 1, 1, 1]);
    await store?.close();
    // What was found good is believed from now on, under the other name.
    const again = countingVerifier(of);
    await open(of, { existing: "overwrite", ...again });
    expect([[...(store?.present() ?? [])], again.count]).toEqual([[1, 1, 1, 1, 1], 0]);
  });

  it("is checked, if it is a folder, beside what else is in there", async () => {
    const of = await makeShare("set", { a: 3 * FIXTURE_PIECE, b: 2 * FIXTURE_PIECE });
    await download(of);
    await leaveRecord(of, ANOTHER_BOOT);
    await writeFile(path("set/mine"), "kept");
    await damage(path("set/b"), 1);
    await open(of, { existing: "overwrite", ...countingVerifier(of) });
    expect([...(store?.present() ?? [])]).toEqual([1, 1, 1, 0, 1]);
    await write(of, [3]);
    await store?.finish();
    await store?.close();
    expect((await readdir(path("set"))).sort()).toEqual(["a", "b", "mine"]);
    expect(Buffer.concat([await readFile(path("set/a")), await readFile(path("set/b"))])).toEqual(
      Buffer.from(of.content),
    );
  });

  it("is an unfinished download again when it stands under both names", async () => {
    const of = await film();
    await download(of);
    await leaveRecord(of, ANOTHER_BOOT);
    await damage(path("film.bin"), 0);
    await link(path("film.bin"), path("film.bin.part"));
    await open(of, countingVerifier(of));
    expect([...(store?.present() ?? [])]).toEqual([0, 1, 1, 1, 1]);
    await expect(readFile(path("film.bin"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it.each(["the process alone ended", "all of it was on the disk"])("is a finished download where %s", async (what) => {
  const of = await film();
  await download(of);
  const isSynced = what.startsWith("all");
  await leaveRecord(of, isSynced ? ANOTHER_BOOT : ((await readBootId()) ?? ANOTHER_BOOT), isSynced);
  expect(await doubtOfTarget(of.metainfo, directory)).toBeUndefined();
  await expect(open(of)).rejects.toMatchObject({
    code: "exists",
    message: expect.stringContaining("exists already") as string,
  });
  expect(await readdir(directory)).toEqual(["film.bin"]);
});
