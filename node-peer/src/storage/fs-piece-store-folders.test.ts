import { link, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { expectRejection } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes } from "./share-fixture.js";
import { StoreScene, writePieces } from "./store-scene.js";

const PIECE = FIXTURE_PIECE;

const FOLDER = { "a/one": PIECE + 5, "a/zero": 0, "b/deep/two": 3 * PIECE, three: 100 };

let scene: StoreScene;

beforeEach(async () => {
  scene = await StoreScene.open();
});

afterEach(async () => {
  await scene.close();
});

describe("a folder download", () => {
  it("appears at once and whole, empty files included", async () => {
    const of = await makeShare("album", FOLDER);
    const store = await scene.store(of);
    await writePieces(store, of, of.metainfo.geometry.pieces());
    await store.finish();
    await store.close();
    expect(await readdir(scene.directory)).toEqual(["album"]);
    for (const file of of.metainfo.files) {
      const bytes = await readFile(join(scene.directory, "album", ...file.path));
      expect(Buffer.compare(bytes, of.content.subarray(file.offset, file.offset + file.length))).toBe(0);
    }
  });

  it("keeps files that were not chosen out of the folder, and their bytes readable", async () => {
    const of = await makeShare("album", FOLDER);
    const chosen = of.metainfo.files.findIndex((file) => file.path.join("/") === "a/one");
    const store = await scene.store(of, { selected: new Set([chosen]) });
    const wanted = [...store.wantedPieces().entries()].filter(([, is]) => is === 1).map(([index]) => index);
    expect(wanted).toEqual([0, 1]);
    await writePieces(store, of, wanted);
    await store.finish();
    for (const index of wanted) {
      const into = new Uint8Array(PIECE);
      await store.read(of.metainfo.geometry.pieceIndex(index), 0, into);
      expect(Buffer.compare(into, pieceBytes(of, index))).toBe(0);
    }
    await store.close();
    expect(await readdir(scene.directory)).toEqual(["album"]);
    expect(await readdir(join(scene.directory, "album"), { recursive: true })).toEqual(["a", "a/one"]);
  });

  it("takes up a changed selection: what was chosen before is dropped, what is new is verified", async () => {
    const of = await makeShare("album", FOLDER);
    const index = (path: string) => of.metainfo.files.findIndex((file) => file.path.join("/") === path);
    const first = await scene.store(of, { selected: new Set([index("b/deep/two")]) });
    await writePieces(first, of, [1, 2]);
    await first.close();
    const check = countingVerifier(of);
    const second = await scene.store(of, { selected: new Set([index("a/one")]), ...check });
    const rest = [...second.wantedPieces().entries()].filter(([at, is]) => is === 1 && second.present()[at] === 0);
    await writePieces(
      second,
      of,
      rest.map(([at]) => at),
    );
    await second.finish();
    await second.close();
    expect(await readdir(join(scene.directory, "album"), { recursive: true })).toEqual(["a", "a/one"]);
    expect(
      Buffer.compare(await readFile(join(scene.directory, "album/a/one")), of.content.subarray(0, PIECE + 5)),
    ).toBe(0);
  });

  it("merges into an existing folder when overwriting is allowed", async () => {
    const of = await makeShare("album", FOLDER);
    await mkdir(join(scene.directory, "album/a"), { recursive: true });
    await writeFile(join(scene.directory, "album/a/one"), "old");
    await writeFile(join(scene.directory, "album/mine"), "mine");
    const store = await scene.store(of, { existing: "overwrite" });
    await writePieces(store, of, of.metainfo.geometry.pieces());
    await store.finish();
    await store.close();
    expect(await readFile(join(scene.directory, "album/mine"), "utf8")).toBe("mine");
    expect(await readFile(join(scene.directory, "album/a/one"))).toHaveLength(PIECE + 5);
    expect(await readdir(scene.directory)).toEqual(["album"]);
  });

  it("does not follow links planted in its folder", async () => {
    const of = await makeShare("album", FOLDER);
    const first = await scene.store(of);
    await first.close();
    const outside = join(scene.directory, "outside");
    await mkdir(outside);
    await writeFile(join(scene.directory, "victim"), "untouched");
    await symlink(outside, join(scene.directory, "album.part/a"));
    await symlink(join(scene.directory, "victim"), join(scene.directory, "album.part/three"));
    const store = await scene.store(of);
    for (const index of of.metainfo.geometry.pieces()) {
      await store
        .write(index, pieceBytes(of, index))
        .catch((error: unknown) => expect(isShoalError(error, "disk")).toBe(true));
    }
    expect(store.present()[0]).toBe(0);
    expect(await readdir(outside)).toEqual([]);
    expect(await readFile(join(scene.directory, "victim"), "utf8")).toBe("untouched");
  });

  it("does not write two files of the share into one that the disk takes for both", async () => {
    const of = await makeShare("album", FOLDER);
    const first = await scene.store(of);
    await writePieces(first, of, [0]);
    await first.close();
    // As on a disk where the case of names does not matter, and as if planted.
    await link(join(scene.directory, "album.part/a/one"), join(scene.directory, "album.part/three"));
    const store = await scene.store(of, countingVerifier(of));
    await writePieces(store, of, [0, 1, 2, 3]);
    const last = of.metainfo.geometry.pieceIndex(4);
    await expectRejection(store.write(last, pieceBytes(of, 4)), "unsafe-name", "one and the same file");
  });

  it("finishes before it closes, whichever is asked for first to be done", async () => {
    const of = await makeShare("album", FOLDER);
    const store = await scene.store(of);
    await writePieces(store, of, of.metainfo.geometry.pieces());
    const finishing = store.finish();
    await Promise.all([finishing, store.close()]);
    expect(await readdir(scene.directory)).toEqual(["album"]);
  });

  it("does not unpack through a link in the place of its own folder", async () => {
    const of = await makeShare("album", FOLDER);
    await (await scene.store(of)).close();
    await rm(join(scene.directory, "album.part"), { recursive: true });
    await mkdir(join(scene.directory, "outside"));
    await symlink(join(scene.directory, "outside"), join(scene.directory, "album.part"));
    const store = await scene.store(of);
    await expectRejection(store.write(of.metainfo.geometry.pieceIndex(0), pieceBytes(of, 0)), "disk", "symbolic link");
    expect(await readdir(join(scene.directory, "outside"))).toEqual([]);
  });
});

describe("names and paths", () => {
  it("refuses names that lead elsewhere before anything is made", async () => {
    const of = await makeShare("album", FOLDER);
    for (const name of ["..", ".", "a/b", "", "\0", ".shoal-x"]) {
      await expectRejection(scene.store({ ...of, metainfo: { ...of.metainfo, name } }), "unsafe-name");
    }
    expect(await readdir(scene.directory)).toEqual([]);
  });

  it("says that a path is too long instead of failing in the middle", async () => {
    const deep = Array.from({ length: 20 }, () => "d".repeat(250)).join("/");
    const of = await makeShare("album", { [deep]: 10 });
    await expectRejection(scene.store(of), "disk", "shorter path");
  });
});
