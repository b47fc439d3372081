import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { pieceHash } from "@shoal/peer-core/torrent";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createHashThreads } from "../hashing/hash-threads.js";
import type { CheckedWriter } from "./checked-writer.js";
import type { FsPieceStore } from "./fs-piece-store.js";
import { openFsPieceStore, type FsPieceStoreOptions } from "./open-fs-piece-store.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";

let directory: string;
let store: FsPieceStore | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-threads-"));
});

afterEach(async () => {
  await store?.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(of: ShareFixture, options: Partial<FsPieceStoreOptions>): Promise<FsPieceStore> {
  return (store = await openFsPieceStore({ metainfo: of.metainfo, directory, ...options }));
}

/** A writer whose thread runs, and which counts what it was asked. */
async function runningWriter(): Promise<CheckedWriter & { readonly counts: { writes: number } }> {
  const { hasher, checkedWriter } = createHashThreads();
  const bytes = new Uint8Array(new SharedArrayBuffer(8 * 1024 ** 2));
  while (!checkedWriter.takes(bytes)) {
    await hasher.sha1(bytes);
    await turn();
  }
  const counts = { writes: 0 };
  const write: CheckedWriter["write"] = (...question) => {
    counts.writes++;
    return checkedWriter.write(...question);
  };
  return { takes: (memory) => checkedWriter.takes(memory), write, counts };
}

/** Asks the store for a piece, right or with a wrong byte. */
async function offer(of: ShareFixture, index: number, wrongByte?: number): Promise<boolean | undefined> {
  const bytes = pieceBytes(of, index);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  if (wrongByte !== undefined) shared[wrongByte] = (shared[wrongByte] ?? 0) ^ 1;
  const piece = of.metainfo.geometry.pieceIndex(index);
  return await store?.writeIfMatching?.(piece, shared, pieceHash(of.metainfo, piece));
}

const folder = () =>
  makeShare("set", { a: 40_000, b: 10, c: 4 * FIXTURE_PIECE, d: 5, e: 1, f: 2, g: 3, h: FIXTURE_PIECE });

it("stores what matches, in all files of the piece, and records it", async () => {
  const of = await folder();
  const writer = await runningWriter();
  await open(of, { checkedWriter: writer, ...countingVerifier(of) });
  const { pieceCount } = of.metainfo.geometry;
  const outcomes = await Promise.all(Array.from({ length: pieceCount }, (_, index) => offer(of, index)));
  expect(outcomes).toEqual(outcomes.map(() => true));
  // The piece with the many small files is written file by file.
  expect(writer.counts.writes).toBe(pieceCount - 1);
  await store?.close();
  await open(of, countingVerifier(of));
  expect(store?.present()).toEqual(new Uint8Array(pieceCount).fill(1));
  await store?.finish();
  const names = (await readdir(join(directory, "set"))).sort();
  const parts = await Promise.all(names.map((name) => readFile(join(directory, "set", name))));
  expect(Buffer.concat(parts)).toEqual(Buffer.from(of.content));
});

it.each(["threads", "no threads"])("stores nothing of a piece that does not match, with %s", async (how) => {
  const of = await folder();
  const checkedWriter = how === "threads" ? await runningWriter() : undefined;
  await open(of, { checkedWriter, ...countingVerifier(of) });
  expect([await offer(of, 1, 77), await offer(of, 2)]).toEqual([false, true]);
  await expect(store?.read(of.metainfo.geometry.pieceIndex(1), 0, new Uint8Array(9))).rejects.toMatchObject({
    code: "disk",
  });
  await store?.close();
  await open(of, countingVerifier(of));
  expect([...(store?.present() ?? [])].indexOf(1)).toBe(2);
});

it("does by itself what a thread did not", async () => {
  const of = await folder();
  const lost: CheckedWriter = { takes: () => true, write: () => Promise.resolve(undefined) };
  const check = countingVerifier(of);
  await open(of, { checkedWriter: lost, ...check });
  expect([await offer(of, 2), await offer(of, 3, 0)]).toEqual([true, false]);
  const into = new Uint8Array(100);
  await store?.read(of.metainfo.geometry.pieceIndex(2), 0, into);
  expect(into).toEqual(pieceBytes(of, 2).subarray(0, 100));
});

it("says of a full disk what the system said to the thread", async () => {
  const of = await folder();
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  await open(of, { checkedWriter: { takes: () => true, write: () => Promise.reject(full) }, ...countingVerifier(of) });
  await expect(offer(of, 2)).rejects.toMatchObject({ code: "disk-full" });
  expect(store?.present()).toEqual(new Uint8Array(of.metainfo.geometry.pieceCount));
});

it("brings files to the disk that it has closed, while and after they get their final name", async () => {
  // More files than are kept open.
  const of = await makeShare(
    "many",
    Object.fromEntries(Array.from({ length: 300 }, (_, nth) => [`${nth}`, 500 + nth])),
  );
  await open(of, {});
  for (const piece of of.metainfo.geometry.pieces()) await store?.write(piece, pieceBytes(of, piece));
  const flushing = store?.flush();
  await store?.finish();
  await flushing;
  await store?.synced();
  await store?.close();
  expect(await readdir(directory)).toEqual(["many"]);
  expect(await readdir(join(directory, "many"))).toHaveLength(300);
});
