import { appendFile, mkdir, open as openFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FsPieceStore } from "./fs-piece-store.js";
import type { FsPieceStoreOptions } from "./open-fs-piece-store.js";
import type { RecheckReport } from "./recheck-report.js";
import { rot } from "./rot.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";
import { StoreScene, writePieces } from "./store-scene.js";

const PIECE = FIXTURE_PIECE;

let scene: StoreScene;

beforeEach(async () => {
  scene = await StoreScene.open();
});

afterEach(async () => {
  await scene.close();
});

async function open(of: ShareFixture, options: Partial<FsPieceStoreOptions> = {}): Promise<FsPieceStore> {
  return await scene.store(of, { verifyPiece: countingVerifier(of).verifyPiece, ...options });
}

/** Opens it with every piece checked, and tells what was found. */
async function recheck(
  of: ShareFixture,
  options: Partial<FsPieceStoreOptions> = {},
): Promise<{ store: FsPieceStore; report: RecheckReport | undefined }> {
  let report: RecheckReport | undefined;
  const store = await open(of, { recheck: true, onRechecked: (found) => (report = found), ...options });
  return { store, report };
}

async function finished(of: ShareFixture, options: Partial<FsPieceStoreOptions> = {}): Promise<string> {
  const store = await open(of, options);
  const wanted = store.wantedPieces();
  await writePieces(
    store,
    of,
    [...wanted.keys()].filter((piece) => wanted[piece] === 1),
  );
  const path = await store.finish();
  await store.close();
  return path;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (error: unknown) => (isShoalError(error) ? error.code : String(error)),
  );
}

describe("an unfinished download that is checked", () => {
  it("loses what is wrong and gains what was never recorded", async () => {
    const of = await makeShare("film.bin", 5 * PIECE);
    const first = await open(of);
    await writePieces(first, of, [0, 1, 2]);
    await first.close();
    const part = join(scene.directory, "film.bin.part");
    await rot(part, PIECE + 7);
    const file = await openFile(part, "r+");
    await file.write(pieceBytes(of, 4), 0, PIECE, 4 * PIECE);
    await file.close();

    const { store, report } = await recheck(of);
    expect([...store.present()]).toEqual([1, 0, 1, 0, 1]);
    expect(report).toMatchObject({ pieces: 3, wrongPieces: 1, wrongBytes: PIECE, isPlaced: false, isWhole: false });
    await writePieces(store, of, [1, 3]);
    expect(Buffer.compare(await readFile(await store.finish()), of.content)).toBe(0);
  });

  it("is told from somebody else's file by its bytes when its record is gone", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const first = await open(of);
    await writePieces(first, of, [0, 1]);
    await first.close();
    for (const name of await readdir(scene.directory))
      if (name.startsWith(".shoal-")) await rm(join(scene.directory, name));
    expect(await codeOf(open(of))).toBe("exists");
    const { store } = await recheck(of);
    expect([...store.present()]).toEqual([1, 1, 0]);
    await store.close();

    const other = await makeShare("mine.bin", 3 * PIECE);
    await writeFile(join(scene.directory, "mine.bin.part"), "mine");
    expect(await codeOf(recheck(other))).toBe("exists");
    expect(await readFile(join(scene.directory, "mine.bin.part"), "utf8")).toBe("mine");
  });

  it("has nothing to tell when nothing is there", async () => {
    const of = await makeShare("film.bin", 2 * PIECE);
    const { store, report } = await recheck(of);
    expect(report).toBeUndefined();
    expect([...store.present()]).toEqual([0, 0]);
  });
});

describe("a finished download that is checked", () => {
  it("keeps its name, time and inode when all of it is right", async () => {
    const of = await makeShare("album", { "a.txt": 100, "b/c.bin": 3 * PIECE, empty: 0 });
    const path = join(await finished(of), "b", "c.bin");
    const before = await stat(path);
    const { store, report } = await recheck(of);
    expect(report).toMatchObject({ wrongPieces: 0, isPlaced: true, isWhole: true, misshapen: [] });
    expect(await readdir(scene.directory)).not.toContain("album.part");
    expect(await store.finish()).toBe(join(scene.directory, "album"));
    await store.close();
    const after = await stat(path);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await readdir(scene.directory)).toEqual(["album"]);
  });

  it("lacks exactly the pieces that are wrong, and gets its name again with them", async () => {
    const of = await makeShare("film.bin", 5 * PIECE + 77);
    const path = await finished(of);
    await rot(path, 3 * PIECE);
    await rot(path, 5 * PIECE + 1);
    const { store, report } = await recheck(of);
    expect(report).toMatchObject({ pieces: 6, wrongPieces: 2, wrongBytes: PIECE + 77, isPlaced: true });
    expect([...store.present()]).toEqual([1, 1, 1, 0, 1, 0]);
    await writePieces(store, of, [3, 5]);
    expect(await store.finish()).toBe(path);
    await store.close();
    expect(Buffer.compare(await readFile(path), of.content)).toBe(0);
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
  });

  it("has a deleted file and one that grew mended", async () => {
    const of = await makeShare("album", { "a.txt": PIECE, "b.txt": PIECE, empty: 0 });
    const path = await finished(of);
    await rm(join(path, "a.txt"));
    await rm(join(path, "empty"));
    await appendFile(join(path, "b.txt"), "more");
    await writeFile(join(path, "notes.txt"), "mine");
    const { store, report } = await recheck(of);
    expect(report).toMatchObject({ wrongPieces: 1, misshapen: [0, 1, 2] });
    await writePieces(store, of, [0]);
    await store.finish();
    await store.close();
    expect((await readdir(path)).sort()).toEqual(["a.txt", "b.txt", "empty", "notes.txt"]);
    expect((await stat(join(path, "b.txt"))).size).toBe(PIECE);
  });

  it("is left alone when it is something else of the same name, unless overwriting is allowed", async () => {
    const of = await makeShare("film.bin", 2 * PIECE);
    await writeFile(join(scene.directory, "film.bin"), Buffer.alloc(2 * PIECE, "mine"));
    expect(await codeOf(recheck(of))).toBe("exists");
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
    expect((await readFile(join(scene.directory, "film.bin"), "utf8")).startsWith("minemine")).toBe(true);
    const { store } = await recheck(of, { existing: "overwrite" });
    await writePieces(store, of, [0, 1]);
    await store.finish();
    expect(Buffer.compare(await readFile(join(scene.directory, "film.bin")), of.content)).toBe(0);
  });

  it("is left alone when it holds files of the share that are not selected", async () => {
    const of = await makeShare("album", { "a.txt": PIECE, "b.txt": PIECE });
    const path = await finished(of);
    await rot(join(path, "a.txt"), 5);
    expect(await codeOf(recheck(of, { selected: new Set([0]) }))).toBe("exists");
    expect((await readdir(path)).sort()).toEqual(["a.txt", "b.txt"]);
  });

  it("is checked by what was selected, and nothing is made beside it", async () => {
    const of = await makeShare("album", { "a.txt": PIECE, "b.txt": PIECE });
    const selected = new Set([1]);
    await finished(of, { selected });
    const { store, report } = await recheck(of, { selected });
    expect(report).toMatchObject({ pieces: 1, wrongPieces: 0, isWhole: true });
    await store.finish();
    await store.close();
    expect(await readdir(scene.directory)).toEqual(["album"]);
    expect(await readdir(join(scene.directory, "album"))).toEqual(["b.txt"]);
  });

  it("stays under its name when the check is stopped", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    await rot(await finished(of), 1);
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    expect(await codeOf(recheck(of, { signal: stopping.signal, onChecked: stop }))).toBe("aborted");
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
  });

  it("refuses a file in a folder's place", async () => {
    const of = await makeShare("album", { "a.txt": PIECE });
    await writeFile(join(scene.directory, "album"), "mine");
    expect(await codeOf(recheck(of))).toBe("exists");
    const single = await makeShare("film.bin", PIECE);
    await mkdir(join(scene.directory, "film.bin"));
    expect(await codeOf(recheck(single))).toBe("exists");
  });
});
