import { existsSync } from "node:fs";
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FsPieceStore } from "./fs-piece-store.js";
import { isTargetTaken, openFsPieceStore, type FsPieceStoreOptions } from "./open-fs-piece-store.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";

const PIECE = FIXTURE_PIECE;

let directory: string;
let stores: FsPieceStore[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-store-"));
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
});

async function open(of: ShareFixture, options: Partial<FsPieceStoreOptions> = {}): Promise<FsPieceStore> {
  const store = await openFsPieceStore({ metainfo: of.metainfo, directory, ...options });
  stores.push(store);
  return store;
}

async function write(store: FsPieceStore, of: ShareFixture, pieces: Iterable<number>): Promise<void> {
  for (const index of pieces) await store.write(of.metainfo.geometry.pieceIndex(index), pieceBytes(of, index));
}

async function expectRejection(
  promise: Promise<unknown>,
  code: Parameters<typeof isShoalError>[1],
  text = "",
): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isShoalError(error, code) ? code : error).toBe(code);
  expect(String(error)).toContain(text);
}

describe("a single-file download", () => {
  it("stands under its final name only after finish, byte for byte, and leaves nothing else", async () => {
    const of = await makeShare("film.bin", 5 * PIECE + 77);
    const store = await open(of);
    await write(store, of, [5, 0, 3, 1, 4, 2]);
    expect((await readdir(directory)).sort()).toContain("film.bin.part");
    expect(await isTargetTaken(of.metainfo, directory)).toBe(false);
    expect(await store.finish()).toBe(join(directory, "film.bin"));
    expect(Buffer.compare(await readFile(join(directory, "film.bin")), of.content)).toBe(0);
    const into = new Uint8Array(100);
    await store.read(of.metainfo.geometry.pieceIndex(3), 50, into);
    expect(into).toEqual(pieceBytes(of, 3).subarray(50, 150));
    await store.close();
    expect(await readdir(directory)).toEqual(["film.bin"]);
  });

  it("believes its own record after an orderly close, without hashing", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 2]);
    await first.close();
    const check = countingVerifier(of);
    const second = await open(of, check);
    expect([...second.present()]).toEqual([1, 0, 1, 0]);
    expect(check.count).toBe(0);
  });

  it("hashes claimed pieces again when the file was changed behind its back", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 1, 2]);
    await first.close();
    const part = join(directory, "film.bin.part");
    const bytes = await readFile(part);
    bytes[PIECE] = (bytes[PIECE] ?? 0) ^ 1;
    await writeFile(part, bytes);
    const check = countingVerifier(of);
    const second = await open(of, check);
    expect([...second.present()]).toEqual([1, 0, 1, 0]);
    expect(check.count).toBe(3);
  });

  it("claims nothing that may have gone when it cannot hash", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 1, 2]);
    await first.close();
    await truncate(join(directory, "film.bin.part"), PIECE);
    expect([...(await open(of)).present()]).toEqual([0, 0, 0, 0]);
  });

  it("forgets a removed piece for good", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 1, 2]);
    await first.remove(of.metainfo.geometry.pieceIndex(1));
    await expectRejection(first.read(of.metainfo.geometry.pieceIndex(1), 0, new Uint8Array(1)), "disk");
    await first.close();
    expect([...(await open(of)).present()]).toEqual([1, 0, 1]);
  });

  it("serves nothing that was written to after it was finished, once that is known", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const store = await open(of, countingVerifier(of));
    await write(store, of, [0, 1, 2]);
    await store.finish();
    const bytes = of.content.slice();
    bytes[PIECE + 9] = (bytes[PIECE + 9] ?? 0) ^ 1;
    await writeFile(store.finalPath, bytes);
    store.distrust();
    await expectRejection(store.read(of.metainfo.geometry.pieceIndex(1), 0, new Uint8Array(1)), "disk", "Piece 1");
    await store.read(of.metainfo.geometry.pieceIndex(2), 0, new Uint8Array(1));
  });

  it("completes with no bytes at all", async () => {
    const of = await makeShare("empty", 0);
    const store = await open(of);
    await store.finish();
    await store.close();
    expect((await lstat(join(directory, "empty"))).size).toBe(0);
    expect(await readdir(directory)).toEqual(["empty"]);
  });

  it("refuses to start where its final name is taken, even by a dangling link", async () => {
    const of = await makeShare("film.bin", PIECE);
    await symlink("/nowhere", join(directory, "film.bin"));
    await expectRejection(open(of), "exists", "film.bin");
    expect(await readdir(directory)).toEqual(["film.bin"]);
  });

  it("does not replace a file that took its final name meanwhile, and can be finished later", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await open(of);
    await write(store, of, [0]);
    await writeFile(join(directory, "film.bin"), "mine");
    await expectRejection(store.finish(), "exists");
    expect(await readFile(join(directory, "film.bin"), "utf8")).toBe("mine");
    await rm(join(directory, "film.bin"));
    await store.finish();
    expect(Buffer.compare(await readFile(join(directory, "film.bin")), of.content)).toBe(0);
  });

  it("replaces a file when overwriting is allowed, but not a folder", async () => {
    const of = await makeShare("film.bin", PIECE);
    await writeFile(join(directory, "film.bin"), "old");
    const store = await open(of, { existing: "overwrite" });
    await write(store, of, [0]);
    await store.finish();
    await store.close();
    expect(Buffer.compare(await readFile(join(directory, "film.bin")), of.content)).toBe(0);
    await rm(join(directory, "film.bin"));
    await mkdir(join(directory, "film.bin"));
    await expectRejection(open(of, { existing: "overwrite" }), "exists");
  });

  it("does not touch somebody else's file with the name of its unfinished one", async () => {
    const of = await makeShare("film.bin", PIECE);
    await writeFile(join(directory, "film.bin.part"), "a browser's");
    await expectRejection(open(of), "exists", "film.bin.part");
    expect(await readFile(join(directory, "film.bin.part"), "utf8")).toBe("a browser's");
  });

  it("is locked while open", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await open(of);
    await expectRejection(open(of), "exists", String(process.pid));
    await store.close();
    await open(of);
  });

  it.each(["refuse", "overwrite"] as const)(
    "gives what it has while it is given its name, and makes no file in the place of the old one (%s)",
    async (existing) => {
      const of = await makeShare("film.bin", 3 * PIECE);
      const store = await open(of, { existing });
      await write(store, of, [0, 1, 2]);
      let isFinished = false;
      const finishing = store.finish().finally(() => (isFinished = true));
      // From the moment at which the old name is gone; the new one is known to the store a little later.
      while (existsSync(join(directory, "film.bin.part"))) await new Promise(setImmediate);
      expect(isFinished).toBe(false);
      const into = new Uint8Array(PIECE);
      await store.read(of.metainfo.geometry.pieceIndex(1), 0, into);
      expect(Buffer.compare(into, pieceBytes(of, 1))).toBe(0);
      await finishing;
      await store.close();
      expect(await readdir(directory)).toEqual(["film.bin"]);
    },
  );

  it("clears up after an end between the two steps of the final rename", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await open(of);
    await write(store, of, [0]);
    await store.close();
    await link(join(directory, "film.bin.part"), join(directory, "film.bin"));
    await expectRejection(open(of), "exists");
    expect(await readdir(directory)).toEqual(["film.bin"]);
    expect(Buffer.compare(await readFile(join(directory, "film.bin")), of.content)).toBe(0);
  });

  it("hashes what is there when its record is damaged, and takes over a folder whose record is gone only if told to", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 3]);
    await first.close();
    const state = join(directory, `.shoal-${of.metainfo.infoHash}.state`);
    await writeFile(state, "nonsense");
    const second = await open(of, countingVerifier(of));
    expect([...second.present()]).toEqual([1, 0, 0, 1]);
    await second.close();
    await rm(state);
    await expectRejection(open(of, countingVerifier(of)), "exists", "film.bin.part");
    const third = await open(of, { existing: "overwrite", ...countingVerifier(of) });
    expect([...third.present()]).toEqual([1, 0, 0, 1]);
  });

  it("says what is in the way when its folder cannot be made", async () => {
    await writeFile(join(directory, "file"), "x");
    const of = await makeShare("film.bin", PIECE);
    await expectRejection(open(of, { directory: join(directory, "file") }), "disk", "something else is in its place");
    await expectRejection(open(of, { directory: join(directory, "file/below") }), "disk", "not a folder");
  });

  it("stops checking when it is told to, and can be opened again", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await open(of);
    await write(first, of, [0, 1, 2, 3]);
    await first.close();
    await writeFile(join(directory, "film.bin.part"), of.content);
    const controller = new AbortController();
    const onChecked = () => controller.abort();
    const checking = open(of, { ...countingVerifier(of), onChecked, signal: controller.signal });
    await expectRejection(checking, "aborted");
    expect([...(await open(of, countingVerifier(of))).present()]).toEqual([1, 1, 1, 1]);
  });

  it("stores a name that leaves no room for .part", async () => {
    const of = await makeShare("n".repeat(255), PIECE);
    const store = await open(of);
    await write(store, of, [0]);
    await store.finish();
    await store.close();
    expect(await readdir(directory)).toEqual(["n".repeat(255)]);
  });

  it("discards everything on request", async () => {
    const of = await makeShare("film.bin", 2 * PIECE);
    const store = await open(of);
    await write(store, of, [0]);
    await store.discard();
    expect(await readdir(directory)).toEqual([]);
  });
});

const FOLDER = { "a/one": PIECE + 5, "a/zero": 0, "b/deep/two": 3 * PIECE, three: 100 };

describe("a folder download", () => {
  it("appears at once and whole, empty files included", async () => {
    const of = await makeShare("album", FOLDER);
    const store = await open(of);
    await write(store, of, of.metainfo.geometry.pieces());
    await store.finish();
    await store.close();
    expect(await readdir(directory)).toEqual(["album"]);
    for (const file of of.metainfo.files) {
      const bytes = await readFile(join(directory, "album", ...file.path));
      expect(Buffer.compare(bytes, of.content.subarray(file.offset, file.offset + file.length))).toBe(0);
    }
  });

  it("keeps files that were not chosen out of the folder, and their bytes readable", async () => {
    const of = await makeShare("album", FOLDER);
    const chosen = of.metainfo.files.findIndex((file) => file.path.join("/") === "a/one");
    const store = await open(of, { selected: new Set([chosen]) });
    const wanted = [...store.wantedPieces().entries()].filter(([, is]) => is === 1).map(([index]) => index);
    expect(wanted).toEqual([0, 1]);
    await write(store, of, wanted);
    await store.finish();
    for (const index of wanted) {
      const into = new Uint8Array(PIECE);
      await store.read(of.metainfo.geometry.pieceIndex(index), 0, into);
      expect(Buffer.compare(into, pieceBytes(of, index))).toBe(0);
    }
    await store.close();
    expect(await readdir(directory)).toEqual(["album"]);
    expect(await readdir(join(directory, "album"), { recursive: true })).toEqual(["a", "a/one"]);
  });

  it("takes up a changed selection: what was chosen before is dropped, what is new is verified", async () => {
    const of = await makeShare("album", FOLDER);
    const index = (path: string) => of.metainfo.files.findIndex((file) => file.path.join("/") === path);
    const first = await open(of, { selected: new Set([index("b/deep/two")]) });
    await write(first, of, [1, 2]);
    await first.close();
    const check = countingVerifier(of);
    const second = await open(of, { selected: new Set([index("a/one")]), ...check });
    const rest = [...second.wantedPieces().entries()].filter(([at, is]) => is === 1 && second.present()[at] === 0);
    await write(
      second,
      of,
      rest.map(([at]) => at),
    );
    await second.finish();
    await second.close();
    expect(await readdir(join(directory, "album"), { recursive: true })).toEqual(["a", "a/one"]);
    expect(Buffer.compare(await readFile(join(directory, "album/a/one")), of.content.subarray(0, PIECE + 5))).toBe(0);
  });

  it("merges into an existing folder when overwriting is allowed", async () => {
    const of = await makeShare("album", FOLDER);
    await mkdir(join(directory, "album/a"), { recursive: true });
    await writeFile(join(directory, "album/a/one"), "old");
    await writeFile(join(directory, "album/mine"), "mine");
    const store = await open(of, { existing: "overwrite" });
    await write(store, of, of.metainfo.geometry.pieces());
    await store.finish();
    await store.close();
    expect(await readFile(join(directory, "album/mine"), "utf8")).toBe("mine");
    expect(await readFile(join(directory, "album/a/one"))).toHaveLength(PIECE + 5);
    expect(await readdir(directory)).toEqual(["album"]);
  });

  it("does not follow links planted in its folder", async () => {
    const of = await makeShare("album", FOLDER);
    const first = await open(of);
    await first.close();
    const outside = join(directory, "outside");
    await mkdir(outside);
    await writeFile(join(directory, "victim"), "untouched");
    await symlink(outside, join(directory, "album.part/a"));
    await symlink(join(directory, "victim"), join(directory, "album.part/three"));
    const store = await open(of);
    for (const index of of.metainfo.geometry.pieces()) {
      await store
        .write(index, pieceBytes(of, index))
        .catch((error: unknown) => expect(isShoalError(error, "disk")).toBe(true));
    }
    expect(store.present()[0]).toBe(0);
    expect(await readdir(outside)).toEqual([]);
    expect(await readFile(join(directory, "victim"), "utf8")).toBe("untouched");
  });

  it("does not write two files of the share into one that the disk takes for both", async () => {
    const of = await makeShare("album", FOLDER);
    const first = await open(of);
    await write(first, of, [0]);
    await first.close();
    // As on a disk where the case of names does not matter, and as if planted.
    await link(join(directory, "album.part/a/one"), join(directory, "album.part/three"));
    const store = await open(of, countingVerifier(of));
    await write(store, of, [0, 1, 2, 3]);
    const last = of.metainfo.geometry.pieceIndex(4);
    await expectRejection(store.write(last, pieceBytes(of, 4)), "unsafe-name", "one and the same file");
  });

  it("finishes before it closes, whichever is asked for first to be done", async () => {
    const of = await makeShare("album", FOLDER);
    const store = await open(of);
    await write(store, of, of.metainfo.geometry.pieces());
    const finishing = store.finish();
    await Promise.all([finishing, store.close()]);
    expect(await readdir(directory)).toEqual(["album"]);
  });

  it("does not unpack through a link in the place of its own folder", async () => {
    const of = await makeShare("album", FOLDER);
    await (await open(of)).close();
    await rm(join(directory, "album.part"), { recursive: true });
    await mkdir(join(directory, "outside"));
    await symlink(join(directory, "outside"), join(directory, "album.part"));
    const store = await open(of);
    await expectRejection(store.write(of.metainfo.geometry.pieceIndex(0), pieceBytes(of, 0)), "disk", "symbolic link");
    expect(await readdir(join(directory, "outside"))).toEqual([]);
  });
});

describe("names and paths", () => {
  it("refuses names that lead elsewhere before anything is made", async () => {
    const of = await makeShare("album", FOLDER);
    for (const name of ["..", ".", "a/b", "", "\0", ".shoal-x"]) {
      await expectRejection(open({ ...of, metainfo: { ...of.metainfo, name } }), "unsafe-name");
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it("says that a path is too long instead of failing in the middle", async () => {
    const deep = Array.from({ length: 20 }, () => "d".repeat(250)).join("/");
    const of = await makeShare("album", { [deep]: 10 });
    await expectRejection(open(of), "disk", "shorter path");
  });
});
