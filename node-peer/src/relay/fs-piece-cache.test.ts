import { mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { encodeBencode, parseInfo, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import { describePieceStore, seededRandom } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckedCreator } from "../storage/checked-writer.js";
import { fixtureHasher, FIXTURE_PIECE, makeShare, pieceBytes } from "../storage/share-fixture.js";
import { CacheScene, infoBytesOf, ROOMY } from "./cache-scene.js";
import { openFsPieceCache, type FsPieceCache } from "./fs-piece-cache.js";

/** A metainfo of the contract's shape, with the hashes of what the contract stores. */
async function contractMetainfo(geometry: Geometry): Promise<Metainfo> {
  const hashes: Uint8Array[] = [];
  for (const piece of geometry.pieces())
    hashes.push(await fixtureHasher.sha1(seededRandom(piece).bytes(geometry.pieceSize(piece))));
  const info = { length: geometry.length, name: "contract", "piece length": geometry.pieceLength };
  const pieces = new Uint8Array(Buffer.concat(hashes));
  return parseInfo(encodeBencode(new Map(Object.entries({ ...info, pieces }))), fixtureHasher);
}

describePieceStore("a share in a cache on disk", async (geometry) => {
  const directory = await mkdtemp(join(tmpdir(), "shoal-cache-"));
  const cache = await openFsPieceCache({ directory, quotaBytes: ROOMY, hasher: fixtureHasher });
  const metainfo = await contractMetainfo(geometry);
  return {
    open: () => cache.open(metainfo),
    dispose: async () => {
      await cache.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describePieceStore("a share in a cache on disk that is started anew each time", async (geometry) => {
  const directory = await mkdtemp(join(tmpdir(), "shoal-cache-"));
  const metainfo = await contractMetainfo(geometry);
  let cache: FsPieceCache | undefined;
  return {
    open: async () => {
      await cache?.close();
      cache = await openFsPieceCache({ directory, quotaBytes: ROOMY, hasher: fixtureHasher });
      return await cache.open(metainfo);
    },
    dispose: async () => {
      await cache?.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describe("FsPieceCache", () => {
  let scene: CacheScene;

  beforeEach(async () => {
    scene = await CacheScene.open();
  });
  afterEach(() => scene.close());

  it("counts every byte that it keeps, of all shares, and after a restart too", async () => {
    await scene.start();
    const [a, b] = [await makeShare("a", 3 * FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE + 5)];
    expect(scene.cache.usedBytes).toBe(0);
    await scene.keep(a, [0, 2]);
    await scene.keep(b, [1]);
    const used = 2 * FIXTURE_PIECE + 5 + infoBytesOf(a) + infoBytesOf(b);
    expect(scene.cache.usedBytes).toBe(used);
    await scene.restart();
    expect([scene.cache.usedBytes, scene.cache.quotaBytes]).toEqual([used, ROOMY]);
    const store = await scene.cache.open(a.metainfo);
    await store.remove(a.metainfo.geometry.pieceIndex(0));
    expect(scene.cache.usedBytes).toBe(used - FIXTURE_PIECE);
    await store.close();
  });

  it("keeps one file a piece and the metainfo beside them, and nothing of a share without pieces", async () => {
    await scene.start();
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    await scene.keep(share, [0, 2]);
    const folder = join(scene.directory, share.metainfo.infoHash);
    expect((await readdir(folder)).sort()).toEqual(["0", "2", "info"]);
    expect(await scene.cache.metainfo(share.metainfo.infoHash)).toEqual(share.metainfo);
    const store = await scene.cache.open(share.metainfo);
    for (const piece of [0, 2]) await store.remove(share.metainfo.geometry.pieceIndex(piece));
    await store.close();
    expect(await readdir(scene.directory)).toEqual([]);
    expect(scene.cache.usedBytes).toBe(0);
    expect(await scene.cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
  });

  it("opens a share once at a time", async () => {
    await scene.start();
    const { metainfo } = await makeShare("a", FIXTURE_PIECE);
    const store = await scene.cache.open(metainfo);
    await expect(scene.cache.open(metainfo)).rejects.toMatchObject({ code: "exists" });
    await store.close();
    await (await scene.cache.open(metainfo)).close();
  });

  it("makes room with what was served longest ago, and never with pieces of open shares", async () => {
    await scene.start();
    const [a, b] = [await makeShare("a", 3 * FIXTURE_PIECE), await makeShare("b", 3 * FIXTURE_PIECE)];
    await scene.keep(a, [0, 1, 2]);
    const open = await scene.cache.open(b.metainfo);
    for (const piece of [0, 1, 2]) await open.write(b.metainfo.geometry.pieceIndex(piece), pieceBytes(b, piece));
    const served = await scene.cache.open(a.metainfo);
    await scene.readBack(served, a, 0);
    await served.close();
    const free = ROOMY - scene.cache.usedBytes;
    await scene.cache.makeRoom(free);
    expect(scene.cache.counts.evictions).toBe(0);
    await scene.cache.makeRoom(free + 1);
    expect(await scene.held(a)).toBe("x.x");
    await scene.cache.makeRoom(free + FIXTURE_PIECE + 1);
    expect(await scene.held(a)).toBe("x..");
    await scene.cache.makeRoom(ROOMY);
    expect(scene.cache.usedBytes).toBe(3 * FIXTURE_PIECE + infoBytesOf(b));
    for (const piece of [0, 1, 2]) await scene.readBack(open, b, piece);
    expect(await readdir(scene.directory)).toEqual([b.metainfo.infoHash]);
    await open.close();
  });

  it("remembers over a restart who was served last, and keeps to a smaller quota from the start", async () => {
    await scene.start();
    const [a, b] = [await makeShare("a", 2 * FIXTURE_PIECE), await makeShare("b", 2 * FIXTURE_PIECE)];
    await scene.keep(a, [0, 1]);
    await scene.keep(b, [0, 1]);
    const store = await scene.cache.open(a.metainfo);
    await scene.readBack(store, a, 0);
    await store.close();
    await scene.restart({ quotaBytes: scene.cache.usedBytes - 3 * FIXTURE_PIECE + 10 });
    expect([await scene.held(a), await scene.held(b)]).toEqual(["x.", ".."]);
    expect(scene.cache.counts.pieces).toBe(1);
  });

  it("forgets pieces of other shares to store one, and rejects with disk-full when all are of open ones", async () => {
    const [a, b] = [await makeShare("a", 2 * FIXTURE_PIECE), await makeShare("b", 4 * FIXTURE_PIECE)];
    await scene.start({ quotaBytes: 3 * FIXTURE_PIECE + infoBytesOf(a) + infoBytesOf(b) });
    await scene.keep(a, [0, 1]);
    const store = await scene.cache.open(b.metainfo);
    const write = (piece: number): Promise<void> =>
      store.write(b.metainfo.geometry.pieceIndex(piece), pieceBytes(b, piece));
    await Promise.all([write(0), write(1), write(2)]);
    expect(scene.cache.usedBytes).toBeLessThanOrEqual(scene.cache.quotaBytes);
    await expect(write(3)).rejects.toMatchObject({ code: "disk-full" });
    expect(scene.cache.usedBytes).toBe(3 * FIXTURE_PIECE + infoBytesOf(b));
    const { evictions } = scene.cache.counts;
    await store.remove(b.metainfo.geometry.pieceIndex(1));
    expect(scene.cache.counts.evictions).toBe(evictions + 1);
    await write(3);
    expect(await readdir(scene.directory)).toEqual([b.metainfo.infoHash]);
    await store.close();
    expect(await scene.held(b)).toBe("x.xx");
  });

  it("keeps no more pieces than it may, however small they are", async () => {
    await scene.start({ maxPieces: 3 });
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    await scene.keep(share, [0, 1, 2]);
    const other = await makeShare("b", FIXTURE_PIECE);
    await scene.keep(other, [0]);
    expect([await scene.held(share), await scene.held(other), scene.cache.counts.pieces]).toEqual([".xx", "x", 3]);
    await scene.restart({ maxPieces: 2 });
    expect(scene.cache.counts.pieces).toBeLessThanOrEqual(2);
  });

  it("stores what matches and nothing else, by a thread where there is one", async () => {
    const created: string[] = [];
    const creator: CheckedCreator = {
      takes: (bytes) => bytes.length === FIXTURE_PIECE,
      create: async (bytes, sha1, { path, temporary }) => {
        if (Buffer.compare(await fixtureHasher.sha1(bytes), sha1) !== 0) return false;
        created.push(basename(path));
        await writeFile(temporary, bytes);
        await rename(temporary, path);
        return true;
      },
    };
    await scene.start({ creator, recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE + 9);
    const store = await scene.cache.open(share.metainfo);
    const wrong = new Uint8Array(20);
    for (const piece of share.metainfo.geometry.pieces()) {
      const bytes = pieceBytes(share, piece);
      expect(await store.writeIfMatching?.(piece, bytes, wrong)).toBe(false);
      await expect(scene.readBack(store, share, piece)).rejects.toMatchObject({ code: "disk" });
      expect(await store.writeIfMatching?.(piece, bytes, await fixtureHasher.sha1(bytes))).toBe(true);
      await scene.readBack(store, share, piece);
    }
    expect(created).toEqual(["0", "1"]);
    expect(scene.cache.usedBytes).toBe(infoBytesOf(share) + 2 * FIXTURE_PIECE + 9);
    await store.close();
  });

  it("serves from memory what was stored last, and no more of it than it may", async () => {
    await scene.start({ recentBytes: 2 * FIXTURE_PIECE });
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    const store = await scene.cache.open(share.metainfo);
    for (const piece of share.metainfo.geometry.pieces()) await store.write(piece, pieceBytes(share, piece));
    for (const piece of [0, 1, 2]) await rm(join(scene.directory, share.metainfo.infoHash, String(piece)));
    for (const piece of [1, 2]) await scene.readBack(store, share, piece);
    await expect(scene.readBack(store, share, 0)).rejects.toMatchObject({ code: "disk" });
    await store.remove(share.metainfo.geometry.pieceIndex(1));
    await expect(scene.readBack(store, share, 1)).rejects.toMatchObject({ code: "disk" });
    await store.close();
  });

  it("does not take a time in the future for a late service", async () => {
    await scene.start();
    const [a, b] = [await makeShare("a", FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE)];
    await scene.keep(a, [0]);
    await scene.keep(b, [0]);
    await scene.cache.close();
    await utimes(join(scene.directory, a.metainfo.infoHash, "0"), 1e10, 1e10);
    await scene.start();
    const store = await scene.cache.open(b.metainfo);
    await scene.readBack(store, b, 0);
    await store.close();
    await scene.cache.makeRoom(ROOMY - scene.cache.usedBytes + 1);
    expect([await scene.held(a), await scene.held(b)]).toEqual([".", "x"]);
  });

  it("takes at most half of what is free when nobody says how much it may keep", async () => {
    await scene.start({ quotaBytes: undefined });
    expect(scene.cache.quotaBytes).toBeGreaterThan(0);
    expect(scene.cache.quotaBytes).toBeLessThanOrEqual(10 * 1024 ** 3);
  });
});
