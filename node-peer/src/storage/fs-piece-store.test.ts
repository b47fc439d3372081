import { existsSync, writeFileSync } from "node:fs";
import { link, lstat, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectRejection } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isTargetTaken } from "./open-fs-piece-store.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes } from "./share-fixture.js";
import { StoreScene, writePieces } from "./store-scene.js";

const PIECE = FIXTURE_PIECE;

let scene: StoreScene;

beforeEach(async () => {
  scene = await StoreScene.open();
});

afterEach(async () => {
  await scene.close();
});

function flipped(content: Uint8Array, at: number): Uint8Array {
  const bytes = content.slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

describe("a single-file download", () => {
  it("stands under its final name only after finish, byte for byte, and leaves nothing else", async () => {
    const of = await makeShare("film.bin", 5 * PIECE + 77);
    const store = await scene.store(of);
    await writePieces(store, of, [5, 0, 3, 1, 4, 2]);
    expect((await readdir(scene.directory)).sort()).toContain("film.bin.part");
    expect(await isTargetTaken(of.metainfo, scene.directory)).toBe(false);
    expect(await store.finish()).toBe(join(scene.directory, "film.bin"));
    expect(Buffer.compare(await readFile(join(scene.directory, "film.bin")), of.content)).toBe(0);
    const into = new Uint8Array(100);
    await store.read(of.metainfo.geometry.pieceIndex(3), 50, into);
    expect(into).toEqual(pieceBytes(of, 3).subarray(50, 150));
    await store.close();
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
  });

  it("believes its own record after an orderly close, without hashing", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 2]);
    await first.close();
    const check = countingVerifier(of);
    const second = await scene.store(of, check);
    expect([...second.present()]).toEqual([1, 0, 1, 0]);
    expect(check.count).toBe(0);
  });

  it("hashes claimed pieces again when the file was changed behind its back", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 1, 2]);
    await first.close();
    const part = join(scene.directory, "film.bin.part");
    const bytes = await readFile(part);
    bytes[PIECE] = (bytes[PIECE] ?? 0) ^ 1;
    await writeFile(part, bytes);
    const check = countingVerifier(of);
    const second = await scene.store(of, check);
    expect([...second.present()]).toEqual([1, 0, 1, 0]);
    expect(check.count).toBe(3);
  });

  it("claims nothing that may have gone when it cannot hash", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 1, 2]);
    await first.close();
    await truncate(join(scene.directory, "film.bin.part"), PIECE);
    expect([...(await scene.store(of)).present()]).toEqual([0, 0, 0, 0]);
  });

  it("forgets a removed piece for good", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 1, 2]);
    await first.remove(of.metainfo.geometry.pieceIndex(1));
    await expectRejection(first.read(of.metainfo.geometry.pieceIndex(1), 0, new Uint8Array(1)), "disk");
    await first.close();
    expect([...(await scene.store(of)).present()]).toEqual([1, 0, 1]);
  });

  it("serves nothing of a finished file that was written to without its time telling, once that is known", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const store = await scene.store(of, countingVerifier(of));
    await writePieces(store, of, [0, 1, 2]);
    await store.finish();
    const { atime, mtime } = await lstat(store.finalPath);
    await utimes(store.finalPath, atime, mtime);
    await store.close();
    const again = await scene.store(of, { ...countingVerifier(of), recheck: true });
    await again.finish();
    await writeFile(again.finalPath, flipped(of.content, PIECE + 9));
    await utimes(again.finalPath, atime, mtime);
    const into = new Uint8Array(1);
    await again.read(of.metainfo.geometry.pieceIndex(1), 0, into);
    again.distrust();
    await expectRejection(again.read(of.metainfo.geometry.pieceIndex(1), 0, into), "disk", "Piece 1");
    await again.read(of.metainfo.geometry.pieceIndex(2), 0, into);
  });

  it("notices by itself that a finished file was written to, and serves what is still right", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const check = countingVerifier(of);
    const store = await scene.store(of, check);
    await writePieces(store, of, [0, 1, 2]);
    await store.finish();
    const into = new Uint8Array(PIECE);
    await store.read(of.metainfo.geometry.pieceIndex(2), 0, into);
    expect(check.count).toBe(0);
    await writeFile(store.finalPath, flipped(of.content, PIECE + 9));
    await expectRejection(store.read(of.metainfo.geometry.pieceIndex(1), 0, into), "disk", "Piece 1");
    await store.read(of.metainfo.geometry.pieceIndex(2), 0, into);
    expect(into).toEqual(pieceBytes(of, 2));
    expect(check.count).toBe(2);
    await writeFile(store.finalPath, flipped(of.content, 2 * PIECE + 9));
    await expectRejection(store.read(of.metainfo.geometry.pieceIndex(2), 0, into), "disk", "Piece 2");
    await store.read(of.metainfo.geometry.pieceIndex(1), 0, into);
  });

  it("serves nothing wrong of what was written to while all of it was checked", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const path = join(scene.directory, "film.bin");
    await writeFile(path, of.content);
    await utimes(path, 1e9, 1e9);
    let isWritten = false;
    const onChecked = () => {
      // The first piece has been read.
      if (!isWritten) writeFileSync(path, flipped(of.content, 9));
      isWritten = true;
    };
    const store = await scene.store(of, { ...countingVerifier(of), recheck: true, onChecked });
    expect([...store.present()]).toEqual([1, 1, 1]);
    await store.finish();
    const into = new Uint8Array(PIECE);
    await expectRejection(store.read(of.metainfo.geometry.pieceIndex(0), 0, into), "disk", "Piece 0");
    await store.read(of.metainfo.geometry.pieceIndex(1), 0, into);
    expect(into).toEqual(pieceBytes(of, 1));
  });

  it("serves nothing of a finished file that was replaced, where it cannot hash", async () => {
    const of = await makeShare("film.bin", 3 * PIECE);
    const store = await scene.store(of);
    await writePieces(store, of, [0, 1, 2]);
    await store.finish();
    await writeFile(store.finalPath, of.content);
    await expectRejection(store.read(of.metainfo.geometry.pieceIndex(0), 0, new Uint8Array(1)), "disk", "written to");
  });

  it("completes with no bytes at all", async () => {
    const of = await makeShare("empty", 0);
    const store = await scene.store(of);
    await store.finish();
    await store.close();
    expect((await lstat(join(scene.directory, "empty"))).size).toBe(0);
    expect(await readdir(scene.directory)).toEqual(["empty"]);
  });

  it("refuses to start where its final name is taken, even by a dangling link", async () => {
    const of = await makeShare("film.bin", PIECE);
    await symlink("/nowhere", join(scene.directory, "film.bin"));
    await expectRejection(scene.store(of), "exists", "film.bin");
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
  });

  it("does not replace a file that took its final name meanwhile, and can be finished later", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await scene.store(of);
    await writePieces(store, of, [0]);
    await writeFile(join(scene.directory, "film.bin"), "mine");
    await expectRejection(store.finish(), "exists");
    expect(await readFile(join(scene.directory, "film.bin"), "utf8")).toBe("mine");
    await rm(join(scene.directory, "film.bin"));
    await store.finish();
    expect(Buffer.compare(await readFile(join(scene.directory, "film.bin")), of.content)).toBe(0);
  });

  it("replaces a file when overwriting is allowed, but not a folder", async () => {
    const of = await makeShare("film.bin", PIECE);
    await writeFile(join(scene.directory, "film.bin"), "old");
    const store = await scene.store(of, { existing: "overwrite" });
    await writePieces(store, of, [0]);
    await store.finish();
    await store.close();
    expect(Buffer.compare(await readFile(join(scene.directory, "film.bin")), of.content)).toBe(0);
    await rm(join(scene.directory, "film.bin"));
    await mkdir(join(scene.directory, "film.bin"));
    await expectRejection(scene.store(of, { existing: "overwrite" }), "exists");
  });

  it("does not touch somebody else's file with the name of its unfinished one", async () => {
    const of = await makeShare("film.bin", PIECE);
    await writeFile(join(scene.directory, "film.bin.part"), "a browser's");
    await expectRejection(scene.store(of), "exists", "film.bin.part");
    expect(await readFile(join(scene.directory, "film.bin.part"), "utf8")).toBe("a browser's");
  });

  it("is locked while open", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await scene.store(of);
    await expectRejection(scene.store(of), "exists", String(process.pid));
    await store.close();
    await scene.store(of);
  });

  it.each(["refuse", "overwrite"] as const)(
    "gives what it has while it is given its name, and makes no file in the place of the old one (%s)",
    async (existing) => {
      const of = await makeShare("film.bin", 3 * PIECE);
      const store = await scene.store(of, { existing });
      await writePieces(store, of, [0, 1, 2]);
      let isFinished = false;
      const finishing = store.finish().finally(() => (isFinished = true));
      // From the moment at which the old name is gone; the new one is known to the store a little later.
      while (existsSync(join(scene.directory, "film.bin.part"))) await new Promise(setImmediate);
      expect(isFinished).toBe(false);
      const into = new Uint8Array(PIECE);
      await store.read(of.metainfo.geometry.pieceIndex(1), 0, into);
      expect(Buffer.compare(into, pieceBytes(of, 1))).toBe(0);
      await finishing;
      await store.close();
      expect(await readdir(scene.directory)).toEqual(["film.bin"]);
    },
  );

  it("clears up after an end between the two steps of the final rename", async () => {
    const of = await makeShare("film.bin", PIECE);
    const store = await scene.store(of);
    await writePieces(store, of, [0]);
    await store.close();
    await link(join(scene.directory, "film.bin.part"), join(scene.directory, "film.bin"));
    await expectRejection(scene.store(of), "exists");
    expect(await readdir(scene.directory)).toEqual(["film.bin"]);
    expect(Buffer.compare(await readFile(join(scene.directory, "film.bin")), of.content)).toBe(0);
  });

  it("hashes what is there when its record is damaged, and takes over a folder whose record is gone only if told to", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 3]);
    await first.close();
    const state = join(scene.directory, `.shoal-${of.metainfo.infoHash}.state`);
    await writeFile(state, "nonsense");
    const second = await scene.store(of, countingVerifier(of));
    expect([...second.present()]).toEqual([1, 0, 0, 1]);
    await second.close();
    await rm(state);
    await expectRejection(scene.store(of, countingVerifier(of)), "exists", "film.bin.part");
    const third = await scene.store(of, { existing: "overwrite", ...countingVerifier(of) });
    expect([...third.present()]).toEqual([1, 0, 0, 1]);
  });

  it("says what is in the way when its folder cannot be made", async () => {
    await writeFile(join(scene.directory, "file"), "x");
    const of = await makeShare("film.bin", PIECE);
    await expectRejection(
      scene.store(of, { directory: join(scene.directory, "file") }),
      "disk",
      "something else is in its place",
    );
    await expectRejection(scene.store(of, { directory: join(scene.directory, "file/below") }), "disk", "not a folder");
  });

  it("stops checking when it is told to, and can be opened again", async () => {
    const of = await makeShare("film.bin", 4 * PIECE);
    const first = await scene.store(of);
    await writePieces(first, of, [0, 1, 2, 3]);
    await first.close();
    await writeFile(join(scene.directory, "film.bin.part"), of.content);
    const controller = new AbortController();
    const onChecked = () => controller.abort();
    const checking = scene.store(of, { ...countingVerifier(of), onChecked, signal: controller.signal });
    await expectRejection(checking, "aborted");
    expect([...(await scene.store(of, countingVerifier(of))).present()]).toEqual([1, 1, 1, 1]);
  });

  it("stores a name that leaves no room for .part", async () => {
    const of = await makeShare("n".repeat(255), PIECE);
    const store = await scene.store(of);
    await writePieces(store, of, [0]);
    await store.finish();
    await store.close();
    expect(await readdir(scene.directory)).toEqual(["n".repeat(255)]);
  });

  it("discards everything on request", async () => {
    const of = await makeShare("film.bin", 2 * PIECE);
    const store = await scene.store(of);
    await writePieces(store, of, [0]);
    await store.discard();
    expect(await readdir(scene.directory)).toEqual([]);
  });
});
