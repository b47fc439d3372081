import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { PieceStore } from "@shoal/peer-core";
import { encodeBencode, parseInfo, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import { describePieceStore, seededRandom } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckedCreator } from "../storage/checked-writer.js";
import { fixtureHasher, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "../storage/share-fixture.js";
import { openFsPieceCache, type FsPieceCache, type FsPieceCacheOptions } from "./fs-piece-cache.js";

const ROOMY = 1024 ** 3;

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
  let directory: string;
  let cache: FsPieceCache;
  let now = 0;
  const infoBytes = ({ metainfo }: ShareFixture): number => metainfo.infoBytes.length;

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "shoal-cache-")), "cache");
    now = Date.now();
  });
  afterEach(async () => {
    await cache.close();
    await rm(join(directory, ".."), { recursive: true, force: true });
  });

  /** The cache as it is after a start. */
  async function start(options: Partial<FsPieceCacheOptions> = {}): Promise<FsPieceCache> {
    cache = await openFsPieceCache({
      directory,
      quotaBytes: ROOMY,
      hasher: fixtureHasher,
      now: () => (now += 1_000),
      ...options,
    });
    return cache;
  }

  async function restart(options: Partial<FsPieceCacheOptions> = {}): Promise<FsPieceCache> {
    await cache.close();
    return await start(options);
  }

  /** Stores pieces of a share and leaves it. */
  async function keep(share: ShareFixture, pieces: readonly number[]): Promise<void> {
    const store = await cache.open(share.metainfo);
    for (const piece of pieces) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await store.close();
  }

  async function readBack(store: PieceStore, share: ShareFixture, piece: number): Promise<void> {
    const expected = pieceBytes(share, piece);
    const into = new Uint8Array(expected.length);
    await store.read(share.metainfo.geometry.pieceIndex(piece), 0, into);
    expect(Buffer.compare(into, expected)).toBe(0);
  }

  /** Which pieces are there, by a look at the share. */
  async function held(share: ShareFixture): Promise<string> {
    const store = await cache.open(share.metainfo);
    const present = [...store.present()].map((each) => (each === 1 ? "x" : ".")).join("");
    await store.close();
    return present;
  }

  it("counts every byte that it keeps, of all shares, and after a restart too", async () => {
    await start();
    const [a, b] = [await makeShare("a", 3 * FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE + 5)];
    expect(cache.usedBytes).toBe(0);
    await keep(a, [0, 2]);
    await keep(b, [1]);
    const used = 2 * FIXTURE_PIECE + 5 + infoBytes(a) + infoBytes(b);
    expect(cache.usedBytes).toBe(used);
    await restart();
    expect([cache.usedBytes, cache.quotaBytes]).toEqual([used, ROOMY]);
    const store = await cache.open(a.metainfo);
    await store.remove(a.metainfo.geometry.pieceIndex(0));
    expect(cache.usedBytes).toBe(used - FIXTURE_PIECE);
    await store.close();
  });

  it("keeps one file a piece and the metainfo beside them, and nothing of a share without pieces", async () => {
    await start();
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    await keep(share, [0, 2]);
    const folder = join(directory, share.metainfo.infoHash);
    expect((await readdir(folder)).sort()).toEqual(["0", "2", "info"]);
    expect(await cache.metainfo(share.metainfo.infoHash)).toEqual(share.metainfo);
    const store = await cache.open(share.metainfo);
    for (const piece of [0, 2]) await store.remove(share.metainfo.geometry.pieceIndex(piece));
    await store.close();
    expect(await readdir(directory)).toEqual([]);
    expect(cache.usedBytes).toBe(0);
    expect(await cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
  });

  it("opens a share once at a time", async () => {
    await start();
    const { metainfo } = await makeShare("a", FIXTURE_PIECE);
    const store = await cache.open(metainfo);
    await expect(cache.open(metainfo)).rejects.toMatchObject({ code: "exists" });
    await store.close();
    await (await cache.open(metainfo)).close();
  });

  it("makes room with what was served longest ago, and never with pieces of open shares", async () => {
    await start();
    const [a, b] = [await makeShare("a", 3 * FIXTURE_PIECE), await makeShare("b", 3 * FIXTURE_PIECE)];
    await keep(a, [0, 1, 2]);
    const open = await cache.open(b.metainfo);
    for (const piece of [0, 1, 2]) await open.write(b.metainfo.geometry.pieceIndex(piece), pieceBytes(b, piece));
    const served = await cache.open(a.metainfo);
    await readBack(served, a, 0);
    await served.close();
    const free = ROOMY - cache.usedBytes;
    await cache.makeRoom(free);
    expect(cache.counts.evictions).toBe(0);
    await cache.makeRoom(free + 1);
    expect(await held(a)).toBe("x.x");
    await cache.makeRoom(free + FIXTURE_PIECE + 1);
    expect(await held(a)).toBe("x..");
    await cache.makeRoom(ROOMY);
    expect(cache.usedBytes).toBe(3 * FIXTURE_PIECE + infoBytes(b));
    for (const piece of [0, 1, 2]) await readBack(open, b, piece);
    expect(await readdir(directory)).toEqual([b.metainfo.infoHash]);
    await open.close();
  });

  it("remembers over a restart who was served last, and keeps to a smaller quota from the start", async () => {
    await start();
    const [a, b] = [await makeShare("a", 2 * FIXTURE_PIECE), await makeShare("b", 2 * FIXTURE_PIECE)];
    await keep(a, [0, 1]);
    await keep(b, [0, 1]);
    const store = await cache.open(a.metainfo);
    await readBack(store, a, 0);
    await store.close();
    await restart({ quotaBytes: cache.usedBytes - 3 * FIXTURE_PIECE + 10 });
    expect([await held(a), await held(b)]).toEqual(["x.", ".."]);
    expect(cache.counts.pieces).toBe(1);
  });

  it("forgets pieces of other shares to store one, and rejects with disk-full when all are of open ones", async () => {
    const [a, b] = [await makeShare("a", 2 * FIXTURE_PIECE), await makeShare("b", 4 * FIXTURE_PIECE)];
    await start({ quotaBytes: 3 * FIXTURE_PIECE + infoBytes(a) + infoBytes(b) });
    await keep(a, [0, 1]);
    const store = await cache.open(b.metainfo);
    const write = (piece: number): Promise<void> =>
      store.write(b.metainfo.geometry.pieceIndex(piece), pieceBytes(b, piece));
    await Promise.all([write(0), write(1), write(2)]);
    expect(cache.usedBytes).toBeLessThanOrEqual(cache.quotaBytes);
    await expect(write(3)).rejects.toMatchObject({ code: "disk-full" });
    expect(cache.usedBytes).toBe(3 * FIXTURE_PIECE + infoBytes(b));
    const { evictions } = cache.counts;
    await store.remove(b.metainfo.geometry.pieceIndex(1));
    expect(cache.counts.evictions).toBe(evictions + 1);
    await write(3);
    expect(await readdir(directory)).toEqual([b.metainfo.infoHash]);
    await store.close();
    expect(await held(b)).toBe("x.xx");
  });

  it("keeps no more pieces than it may, however small they are", async () => {
    await start({ maxPieces: 3 });
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    await keep(share, [0, 1, 2]);
    const other = await makeShare("b", FIXTURE_PIECE);
    await keep(other, [0]);
    expect([await held(share), await held(other), cache.counts.pieces]).toEqual([".xx", "x", 3]);
    await restart({ maxPieces: 2 });
    expect(cache.counts.pieces).toBeLessThanOrEqual(2);
  });

  it("hashes a piece from before a restart once, when it is first read, and forgets a rotten one", async () => {
    await start();
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    await keep(share, [0, 1]);
    const path = join(directory, share.metainfo.infoHash, "1");
    const bytes = await readFile(path);
    bytes[77] = (bytes[77] ?? 0) ^ 1;
    await writeFile(path, bytes);
    let hashed = 0;
    const sha1 = (data: Uint8Array): Promise<Uint8Array> => {
      hashed++;
      return fixtureHasher.sha1(data);
    };
    await restart({ hasher: { sha1 } });
    const store = await cache.open(share.metainfo);
    expect([...store.present()]).toEqual([1, 1]);
    await Promise.all([readBack(store, share, 0), readBack(store, share, 0), readBack(store, share, 0)]);
    expect(hashed).toBe(1);
    // A part that is as it was does not make the piece right.
    const piece = share.metainfo.geometry.pieceIndex(1);
    const reads = [0, 1024].map((begin) => store.read(piece, begin, new Uint8Array(16)));
    for (const { reason } of (await Promise.allSettled(reads)) as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: "disk" });
    expect(hashed).toBe(2);
    expect(cache.counts.rotten).toBe(1);
    expect((await readdir(join(directory, share.metainfo.infoHash))).sort()).toEqual(["0", "info"]);
    await store.write(piece, pieceBytes(share, 1));
    await readBack(store, share, 1);
    await store.close();
  });

  it("hashes everything of a share once more when a piece of it is found rotten, and then what it has not", async () => {
    await start({ recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    const other = await makeShare("b", FIXTURE_PIECE);
    const [store, untouched] = [await cache.open(share.metainfo), await cache.open(other.metainfo)];
    for (const piece of [0, 1]) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await untouched.write(other.metainfo.geometry.pieceIndex(0), pieceBytes(other, 0));
    for (const { infoHash } of [share.metainfo, other.metainfo]) {
      await writeFile(join(directory, infoHash, "0"), new Uint8Array(FIXTURE_PIECE));
    }
    const into = new Uint8Array(FIXTURE_PIECE);
    await store.read(share.metainfo.geometry.pieceIndex(0), 0, into);
    store.distrust?.();
    await expect(readBack(store, share, 0)).rejects.toMatchObject({ code: "disk" });
    await readBack(store, share, 1);
    await untouched.read(other.metainfo.geometry.pieceIndex(0), 0, into);
    expect(cache.counts.rotten).toBe(1);
    await Promise.all([store.close(), untouched.close()]);
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
    await start({ creator, recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE + 9);
    const store = await cache.open(share.metainfo);
    const wrong = new Uint8Array(20);
    for (const piece of share.metainfo.geometry.pieces()) {
      const bytes = pieceBytes(share, piece);
      expect(await store.writeIfMatching?.(piece, bytes, wrong)).toBe(false);
      await expect(readBack(store, share, piece)).rejects.toMatchObject({ code: "disk" });
      expect(await store.writeIfMatching?.(piece, bytes, await fixtureHasher.sha1(bytes))).toBe(true);
      await readBack(store, share, piece);
    }
    expect(created).toEqual(["0", "1"]);
    expect(cache.usedBytes).toBe(infoBytes(share) + 2 * FIXTURE_PIECE + 9);
    await store.close();
  });

  it("serves from memory what was stored last, and no more of it than it may", async () => {
    await start({ recentBytes: 2 * FIXTURE_PIECE });
    const share = await makeShare("a", 3 * FIXTURE_PIECE);
    const store = await cache.open(share.metainfo);
    for (const piece of share.metainfo.geometry.pieces()) await store.write(piece, pieceBytes(share, piece));
    for (const piece of [0, 1, 2]) await rm(join(directory, share.metainfo.infoHash, String(piece)));
    for (const piece of [1, 2]) await readBack(store, share, piece);
    await expect(readBack(store, share, 0)).rejects.toMatchObject({ code: "disk" });
    await store.remove(share.metainfo.geometry.pieceIndex(1));
    await expect(readBack(store, share, 1)).rejects.toMatchObject({ code: "disk" });
    await store.close();
  });

  it("rejects with disk what was cut or taken away while it runs", async () => {
    await start({ recentBytes: 0 });
    const share = await makeShare("a", 2 * FIXTURE_PIECE);
    const store = await cache.open(share.metainfo);
    for (const piece of [0, 1]) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await truncate(join(directory, share.metainfo.infoHash, "0"), 100);
    await rm(join(directory, share.metainfo.infoHash, "1"));
    for (const piece of [0, 1])
      await expect(readBack(store, share, piece)).rejects.toMatchObject({ name: "ShoalError", code: "disk" });
    expect(cache.usedBytes).toBe(infoBytes(share));
    await store.close();
  });

  it("survives any damage of its folder: follows no link, removes what cannot be a piece, leaves foreign files alone", async () => {
    await start();
    const share = await makeShare("a", 4 * FIXTURE_PIECE + 9);
    await keep(share, [0, 4]);
    await cache.close();
    const folder = join(directory, share.metainfo.infoHash);
    const outside = join(directory, "..", "outside");
    await mkdir(outside);
    await writeFile(join(outside, "treasure"), pieceBytes(share, 1));
    await symlink(join(outside, "treasure"), join(folder, "1"));
    await mkdir(join(folder, "2", "deep"), { recursive: true });
    await writeFile(join(folder, "3"), "too short");
    await writeFile(join(folder, "5"), new Uint8Array(FIXTURE_PIECE));
    await writeFile(join(folder, "1048576"), "no piece has this number");
    await writeFile(join(folder, ".new-0123456789abcdef"), "half a pie");
    await writeFile(join(folder, "notes.txt"), "mine");
    await symlink(outside, join(directory, "f".repeat(40)));
    await mkdir(join(directory, "e".repeat(40)));
    await writeFile(join(directory, "d".repeat(40)), "no folder");
    await writeFile(join(directory, "README"), "mine too");
    await start();
    expect(await held(share)).toBe("x...x");
    expect((await readdir(folder)).sort()).toEqual(["0", "1048576", "4", "info", "notes.txt"]);
    expect((await readdir(directory)).sort()).toEqual(
      [share.metainfo.infoHash, "README", "d".repeat(40), "f".repeat(40)].sort(),
    );
    expect(await readFile(join(outside, "treasure"))).toHaveLength(FIXTURE_PIECE);
    const store = await cache.open(share.metainfo);
    for (const piece of [1, 2, 3])
      await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    for (const piece of [0, 1, 2, 3, 4]) await readBack(store, share, piece);
    await store.close();
  });

  it("puts a share's folder in the place of a link, without touching what that leads to", async () => {
    await start();
    const share = await makeShare("a", FIXTURE_PIECE);
    const outside = join(directory, "..", "outside");
    await mkdir(outside);
    await symlink(outside, join(directory, share.metainfo.infoHash));
    await keep(share, [0]);
    expect(await readdir(outside)).toEqual([]);
    expect((await lstat(join(directory, share.metainfo.infoHash))).isDirectory()).toBe(true);
  });

  it("believes a metainfo only when its hash is right", async () => {
    await start();
    const [share, other] = [await makeShare("a", FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE)];
    await keep(share, [0]);
    const path = join(directory, share.metainfo.infoHash, "info");
    await writeFile(path, other.metainfo.infoBytes);
    expect(await cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
    await writeFile(path, "d1:a");
    expect(await cache.metainfo(share.metainfo.infoHash)).toBeUndefined();
  });

  it("does not take a time in the future for a late service", async () => {
    await start();
    const [a, b] = [await makeShare("a", FIXTURE_PIECE), await makeShare("b", FIXTURE_PIECE)];
    await keep(a, [0]);
    await keep(b, [0]);
    await cache.close();
    await utimes(join(directory, a.metainfo.infoHash, "0"), 1e10, 1e10);
    await start();
    const store = await cache.open(b.metainfo);
    await readBack(store, b, 0);
    await store.close();
    await cache.makeRoom(ROOMY - cache.usedBytes + 1);
    expect([await held(a), await held(b)]).toEqual([".", "x"]);
  });

  it("rejects with disk where there can be no folder", async () => {
    await start();
    await writeFile(join(directory, "file"), "");
    const opening = openFsPieceCache({ directory: join(directory, "file"), quotaBytes: 1, hasher: fixtureHasher });
    await expect(opening).rejects.toMatchObject({ code: "disk" });
  });

  it("takes at most half of what is free when nobody says how much it may keep", async () => {
    await start({ quotaBytes: undefined });
    expect(cache.quotaBytes).toBeGreaterThan(0);
    expect(cache.quotaBytes).toBeLessThanOrEqual(10 * 1024 ** 3);
  });
});
