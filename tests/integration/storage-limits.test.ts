import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeBencode, HASH_BYTES, parseInfo } from "@shoal/peer-core/torrent";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openFsPieceStore } from "../../node-peer/src/storage/open-fs-piece-store.js";
import { fixtureBytes, fixtureHasher, makeShare, pieceBytes } from "../../node-peer/src/storage/share-fixture.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRITER = fileURLToPath(new URL("storage-disk-full-writer.ts", import.meta.url));

/** A mount of our own needs root, in this system or in a namespace. */
const canMount = spawnSync("sh", ["-c", "unshare -rm true"]).status === 0;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-limits-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it.skipIf(!canMount)(
  "says that the disk is full, early if it can, and goes on when there is room (needs mount namespaces)",
  () => {
    const inside = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" --conditions=source --import tsx "$3" "$1"';
    const script = 'exec unshare -rm sh -c "$0" sh "$@"';
    const args = ["-c", script, inside, directory, process.execPath, WRITER];
    const results = JSON.parse(execFileSync("sh", args, { cwd: ROOT, encoding: "utf8" })) as Record<string, unknown>;
    expect(results.tooLarge).toMatch(/^disk-full: .* needs 5242880 bytes .* \d+ are free/);
    expect(results.afterTooLarge).toEqual([]);
    expect(results.firstWrite).toBe("ok");
    expect(results.lastWrite).toMatch(/^disk-full: Cannot write 32768 bytes to .*share\.part: the disk is full/);
    expect(results).toMatchObject({ claimed: 0, finish: "ok", isWhole: true });
    const cache = results.cache as Record<string, unknown>;
    expect(cache.failure).toMatch(/^disk-full: Cannot write 32768 bytes to .*: the disk is full/);
    expect(cache).toMatchObject({ hasOnlyWhole: true, isCounted: true, afterRemoval: "ok" });
    // Half of what there would be without it: 4 MiB, less the other share's 3.
    expect(cache.quotaBytes).toBeLessThan(1024 * 1024);
    expect(cache.quotaBytes).toBeGreaterThan(128 * 1024);
    expect(results.readOnly).toMatch(/^disk: .*read-only/);
  },
);

it("stores and finishes a folder of 10,000 small files", async () => {
  const files = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`d${at % 100}/f${at}`, at % 300]));
  const share = await makeShare("folder", files);
  const { geometry } = share.metainfo;
  const store = await openFsPieceStore({ metainfo: share.metainfo, directory });
  await Promise.all([...geometry.pieces()].map((piece) => store.write(piece, pieceBytes(share, piece))));
  await store.finish();
  for (const piece of geometry.pieces()) {
    const bytes = new Uint8Array(geometry.pieceSize(piece));
    await store.read(piece, 0, bytes);
    expect(Buffer.compare(bytes, pieceBytes(share, piece))).toBe(0);
  }
  await store.close();
  const found = await readdir(join(directory, "folder"), { recursive: true });
  expect(found).toHaveLength(10_100);
});

it("writes at the end of a file of 5 GiB without touching what is before", async () => {
  const pieceLength = 4 * 1024 * 1024;
  const length = 5 * 1024 ** 3 + 1000;
  const pieces = new Uint8Array(HASH_BYTES * Math.ceil(length / pieceLength));
  const info = encodeBencode(new Map(Object.entries({ length, name: "large", "piece length": pieceLength, pieces })));
  const metainfo = await parseInfo(info, fixtureHasher);
  const last = metainfo.geometry.pieceIndex(metainfo.geometry.pieceCount - 1);
  const bytes = fixtureBytes(1000, 1);
  const store = await openFsPieceStore({ metainfo, directory });
  await store.write(last, bytes);
  await store.close();
  const stats = await stat(join(directory, "large.part"));
  expect(stats.size).toBe(length);
  expect(stats.blocks * 512).toBeLessThan(1024 * 1024);
  const again = await openFsPieceStore({ metainfo, directory });
  const into = new Uint8Array(1000);
  await again.read(last, 0, into);
  expect(Buffer.compare(into, bytes)).toBe(0);
  await again.discard();
  expect(await readdir(directory)).toEqual([]);
});
