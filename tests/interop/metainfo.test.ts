import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { createMicrotaskHasher, seededRandom } from "@shoal/peer-core/testing";
import { createMetainfo, encodeTorrentFile, parseTorrentFile } from "@shoal/peer-core/torrent";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { diskSource } from "../support/disk-source.js";
import { ensureProgram } from "../support/programs.js";

const run = promisify(execFile);
const hasher = createMicrotaskHasher();
const KIB = 1024;
const MIB = 1024 * KIB;

let mktorrent: string;
let transmissionCreate: string;
let transmissionShow: string;
let folder: string;

beforeAll(async () => {
  mktorrent = await ensureProgram("mktorrent", "mktorrent");
  transmissionCreate = await ensureProgram("transmission-create", "transmission-cli");
  transmissionShow = await ensureProgram("transmission-show", "transmission-cli");
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-metainfo-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Paths below the temporary folder and their sizes in bytes. */
type Shape = Readonly<Record<string, number>>;

/** Writes the files of a shape and returns the one path that they share. */
function writeShape(shape: Shape): string {
  const random = seededRandom(7);
  for (const [path, size] of Object.entries(shape)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), random.bytes(size));
  }
  return join(folder, Object.keys(shape)[0]?.split("/")[0] ?? "");
}

async function ofMktorrent(path: string, pieceLength: number): Promise<Metainfo> {
  const output = join(folder, "theirs.torrent");
  await run(mktorrent, ["-l", `${Math.log2(pieceLength)}`, "-o", output, path]);
  return (await parseTorrentFile(readFileSync(output), hasher)).metainfo;
}

function under(root: string, paths: readonly string[], size: (index: number) => number): Shape {
  return Object.fromEntries(paths.map((path, index) => [`${root}/${path}`, size(index)]));
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i % 7}/${i}.dat`);

/** Sorted by UTF-16 units 𝒳 comes before ｚ, by bytes after it; a slash sorts between - or . and 0. */
const ORDERED_BY_BYTES = ["a/x", "a-b", "a.txt", "a0", "ab/c", "Z", "é", "ｚ", "𝒳", "𝒴/y", "\uffee"];

const shapes: [string, number, Shape][] = [
  ["a file of one byte", 32 * KIB, { "one.bin": 1 }],
  ["a file one byte short of a piece", 32 * KIB, { "short.bin": 32 * KIB - 1 }],
  ["a file of exactly one piece", 32 * KIB, { "exact.bin": 32 * KIB }],
  ["a file one byte longer than a piece", 32 * KIB, { "long.bin": 32 * KIB + 1 }],
  ["a file of exactly seven pieces", 64 * KIB, { "seven.bin": 7 * 64 * KIB }],
  ["a file of many pieces with a short last one", 128 * KIB, { "many.bin": 5 * MIB + 12_345 }],
  ["a file in pieces of 256 KiB", 256 * KIB, { "quarter.bin": 3 * MIB - 1 }],
  ["a file in pieces of 512 KiB", 512 * KIB, { "half.bin": 3 * MIB + 1 }],
  ["a file in pieces of 1 MiB", 1 * MIB, { "whole.bin": 4 * MIB }],
  ["a file with a name in Unicode", 32 * KIB, { "žluťoučký kůň 🐴.txt": 100_000 }],
  ["a folder with one file", 32 * KIB, { "dir/only.txt": 40_000 }],
  [
    "a folder with empty files among others",
    32 * KIB,
    under("dir", ["a", "b", "c", "d", "e"], (i) => (i % 2) * 50_000),
  ],
  ["a folder with files that end where pieces end", 32 * KIB, under("dir", ["a", "b", "c"], (i) => (i + 1) * 32 * KIB)],
  ["deep folders", 32 * KIB, under("dir", ["a/b/c/d/e/f/g/h/i/j", "a/b/c/k", "l"], (i) => 20_000 + i)],
  [
    "names in Unicode",
    64 * KIB,
    under("složka", ["žluť/ý", "日本語/ファイル", "e\u0301", "é", "🐟🐠"], (i) => 9_999 * i + 1),
  ],
  ["names whose order differs between bytes and UTF-16", 32 * KIB, under("dir", ORDERED_BY_BYTES, (i) => 5_000 + i)],
  ["five hundred small files", 32 * KIB, under("dir", numbered(500), (i) => (i * 37) % 900)],
  ["small files in pieces of 1 MiB", 1 * MIB, under("dir", numbered(50), (i) => i * 1_000)],
  ["a large file between small ones", 256 * KIB, { "dir/a": 10, "dir/b": 6 * MIB + 7, "dir/c": 0, "dir/d": 99_999 }],
];

describe("createMetainfo beside mktorrent", () => {
  it.each(shapes)("gives the same info bytes for %s", async (_, pieceLength, shape) => {
    const path = writeShape(shape);
    const theirs = await ofMktorrent(path, pieceLength);
    const ours = await createMetainfo({ ...diskSource(path), pieceLength, hasher });
    expect(ours.files).toEqual(theirs.files);
    expect(ours.infoHash).toBe(theirs.infoHash);
    expect(ours.infoBytes).toEqual(theirs.infoBytes);
  });
});

describe("createMetainfo beside transmission-create", () => {
  it.each([1, 32 * KIB, 3 * MIB + 17])("gives the same piece hashes for a file of %d bytes", async (size) => {
    const path = writeShape({ "file.bin": size });
    const output = join(folder, "theirs.torrent");
    await run(transmissionCreate, ["-s", "64", "-o", output, path]);
    const { metainfo: theirs } = await parseTorrentFile(readFileSync(output), hasher);
    const ours = await createMetainfo({ ...diskSource(path), pieceLength: 64 * KIB, hasher });
    expect(theirs.geometry.pieceLength).toBe(64 * KIB);
    expect(ours.pieceHashes).toEqual(theirs.pieceHashes);
  });
});

describe("encodeTorrentFile", () => {
  it("writes a file in which Transmission finds our info-hash, name and trackers", async () => {
    const path = writeShape({ "dir/a": 50_000, "dir/b/c": 1 });
    const ours = await createMetainfo({ ...diskSource(path), hasher });
    const output = join(folder, "ours.torrent");
    const trackers = [["http://tracker.example/announce"], ["udp://tracker.example:6969/announce"]];
    writeFileSync(output, encodeTorrentFile(ours, trackers, { createdBy: "Shoal", creationDate: 1_800_000_000 }));
    const { stdout } = await run(transmissionShow, [output]);
    for (const text of [ours.infoHash, "Name: dir", "Created by: Shoal", ...trackers.flat(), "dir/b/c"]) {
      expect(stdout).toContain(text);
    }
  });
});
