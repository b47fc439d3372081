import { lstat, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureHasher, FIXTURE_PIECE, makeShare, pieceBytes } from "../storage/share-fixture.js";
import { CacheScene, infoBytesOf } from "./cache-scene.js";
import { openFsPieceCache } from "./fs-piece-cache.js";

describe("FsPieceCache, of a folder that is not as it left it", () => {
  let scene: CacheScene;

  beforeEach(async () => {
    scene = await CacheScene.open();
  });
  afterEach(() => scene.close());

  it("hashes a piece from before a restart once, when it is first read, and forgets a rotten one", async () => {
    await scene.start();
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    await scene.keep(share, [0, 1]);
    const path = join(scene.directory, share.metainfo.infoHash, "1");
    const bytes = await readFile(path);
    bytes[77] = (bytes[77] ?? 0) ^ 1;
    await writeFile(path, bytes);
    let hashed = 0;
    const sha1 = (data: Uint8Array): Promise<Uint8Array> => {
      hashed++;
      return fixtureHasher.sha1(data);
    };
    await scene.restart({ hasher: { sha1 } });
    const store = await scene.cache.open(share.metainfo);
    expect([...store.present()]).toEqual([1, 1]);
    await Promise.all([
      scene.readBack(store, share, 0),
      scene.readBack(store, share, 0),
      scene.readBack(store, share, 0),
    ]);
    expect(hashed).toBe(1);
    // A part that is as it was does not make the piece right.
    const piece = share.metainfo.geometry.pieceIndex(1);
    const reads = [0, 1024].map((begin) => store.read(piece, begin, new Uint8Array(16)));
    for (const { reason } of (await Promise.allSettled(reads)) as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: "disk" });
    expect(hashed).toBe(2);
    expect(scene.cache.counts.rotten).toBe(1);
    expect((await readdir(join(scene.directory, share.metainfo.infoHash))).sort()).toEqual(["0", "info"]);
    await store.write(piece, pieceBytes(share, 1));
    await scene.readBack(store, share, 1);
    await store.close();
  });

  it("hashes everything of a share once more when a piece of it is found rotten, and then what it has not", async () => {
    await scene.start({ recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    const other = await makeShare("b", FIXTURE_PIECE);
    const [store, untouched] = [await scene.cache.open(share.metainfo), await scene.cache.open(other.metainfo)];
    for (const piece of [0, 1]) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await untouched.write(other.metainfo.geometry.pieceIndex(0), pieceBytes(other, 0));
    for (const { infoHash } of [share.metainfo, other.metainfo]) {
      await writeFile(join(scene.directory, infoHash, "0"), new Uint8Array(FIXTURE_PIECE));
    }
    const into = new Uint8Array(FIXTURE_PIECE);
    await store.read(share.metainfo.geometry.pieceIndex(0), 0, into);
    store.distrust?.();
    await expect(scene.readBack(store, share, 0)).rejects.toMatchObject({ code: "disk" });
    await scene.readBack(store, share, 1);
    await untouched.read(other.metainfo.geometry.pieceIndex(0), 0, into);
    expect(scene.cache.counts.rotten).toBe(1);
    await Promise.all([store.close(), untouched.close()]);
  });

  it("rejects with disk what was cut or taken away while it runs", async () => {
    await scene.start({ recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    const store = await scene.cache.open(share.metainfo);
    for (const piece of [0, 1]) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await truncate(join(scene.directory, share.metainfo.infoHash, "0"), 100);
    await rm(join(scene.directory, share.metainfo.infoHash, "1"));
    for (const piece of [0, 1])
      await expect(scene.readBack(store, share, piece)).rejects.toMatchObject({ name: "ShoalError", code: "disk" });
    expect(scene.cache.usedBytes).toBe(infoBytesOf(share));
    await store.close();
  });

  it("survives any damage of its folder: follows no link, removes what cannot be a piece, leaves foreign files alone", async () => {
    await scene.start();
    const share = await makeShare("a", 4 * FIXTURE_PIECE + 9);
    await scene.keep(share, [0, 4]);
    await scene.cache.close();
    const folder = join(scene.directory, share.metainfo.infoHash);
    const outside = join(scene.directory, "..", "outside");
    await mkdir(outside);
    await writeFile(join(outside, "treasure"), pieceBytes(share, 1));
    await symlink(join(outside, "treasure"), join(folder, "1"));
    await mkdir(join(folder, "2", "deep"), { recursive: true });
    await writeFile(join(folder, "3"), "too short");
    await writeFile(join(folder, "5"), new Uint8Array(FIXTURE_PIECE));
    await writeFile(join(folder, "1048576"), "no piece has this number");
    await writeFile(join(folder, ".new-0123456789abcdef"), "half a pie");
    await writeFile(join(folder, "notes.txt"), "mine");
    await symlink(outside, join(scene.directory, "f".repeat(40)));
    await mkdir(join(scene.directory, "e".repeat(40)));
    await writeFile(join(scene.directory, "d".repeat(40)), "no folder");
    await writeFile(join(scene.directory, "README"), "mine too");
    await scene.start();
    expect(await scene.held(share)).toBe("x...x");
    expect((await readdir(folder)).sort()).toEqual(["0", "1048576", "4", "info", "notes.txt"]);
    expect((await readdir(scene.directory)).sort()).toEqual(
      [share.metainfo.infoHash, "README", "d".repeat(40), "f".repeat(40)].sort(),
    );
    expect(await readFile(join(outside, "treasure"))).toHaveLength(FIXTURE_PIECE);
    const store = await scene.cache.open(share.metainfo);
    for (const piece of [1, 2, 3])
      await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    for (const piece of [0, 1, 2, 3, 4]) await scene.readBack(store, share, piece);
    await store.close();
  });

  it("puts a share's folder in the place of a link, without touching what that leads to", async () => {
    await scene.start();
    const share = await makeShare("a", FIXTURE_PIECE);
    const outside = join(scene.directory, "..", "outside");
    await mkdir(outside);
    await symlink(outside, join(scene.directory, share.metainfo.infoHash));
    await scene.keep(share, [0]);
    expect(await readdir(outside)).toEqual([]);
    expect((await lstat(join(scene.directory, share.metainfo.infoHash))).isDirectory()).toBe(true);
  });

  it("believes a metainfo only when its hash is right", async () => {
    await scene.start();
    const [share, other] = [await makeShare("a", FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE)];
    await scene.keep(share, [0]);
    const path = join(scene.directory, share.metainfo.infoHash, "info");
    await writeFile(path, other.metainfo.infoBytes);
    expect(await scene.cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
    await writeFile(path, "d1:a");
    expect(await scene.cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
  });

  it("rejects with disk where there can be no folder", async () => {
    await scene.start();
    await writeFile(join(scene.directory, "file"), "");
    const opening = openFsPieceCache({
      directory: join(scene.directory, "file"),
      quotaBytes: 1,
      hasher: fixtureHasher,
    });
    await expect(opening).rejects.toMatchObject({ code: "disk" });
  });
});
