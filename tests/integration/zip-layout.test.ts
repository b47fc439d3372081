import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 as nodeCrc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";

interface ZipEntry {
  readonly path: string;
  readonly size: number;
  readonly crc32: number;
}

/** The page's own, whose types are those of a browser and no part of this project. */
const { layOutZip } = (await import(new URL("../../web/src/engine/zip-layout.ts", import.meta.url).href)) as {
  layOutZip: (entries: readonly ZipEntry[]) => (Uint8Array | { readonly entry: number })[];
};

const run = promisify(execFile);

/** What Python's zipfile reads of an archive: names, sizes, checksums and offsets; and whether all of it is right. */
const READ = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert sys.argv[2] == "quick" or archive.testzip() is None
print(json.dumps([[info.filename, info.file_size, info.CRC, info.header_offset] for info in archive.infolist()]))
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-zip-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes the archive; files without bytes become holes of their size. */
async function write(entries: readonly ZipEntry[], bytes: readonly (Uint8Array | undefined)[]): Promise<string> {
  const path = join(folder, "archive.zip");
  const file = await open(path, "w");
  let at = 0;
  for (const part of layOutZip(entries)) {
    const data = "entry" in part ? bytes[part.entry] : part;
    if (data !== undefined) await file.write(data, 0, data.length, at);
    at += "entry" in part ? (entries[part.entry]?.size ?? 0) : part.length;
  }
  await file.close();
  return path;
}

async function readBack(path: string, how: "whole" | "quick"): Promise<[string, number, number, number][]> {
  const { stdout } = await run("python3", ["-c", READ, path, how], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as [string, number, number, number][];
}

function entryOf(path: string, bytes: Uint8Array): ZipEntry {
  return { path, size: bytes.length, crc32: crcOf(bytes) };
}

/** Node 20 before 20.15 has none of its own. */
function crcOf(bytes: Uint8Array): number {
  return nodeCrc32(bytes);
}

test("a ZIP of several files, an empty one and foreign names among them, is read whole by Python", async () => {
  const bytes = [new Uint8Array(100_000).fill(7), new Uint8Array(0), new TextEncoder().encode("Grüße")];
  const names = ["folder/sub/großes.bin", "folder/empty", "folder/日本語 🐟.txt"];
  const entries = names.map((name, index) => entryOf(name, bytes[index]!));
  const read = await readBack(await write(entries, bytes), "whole");
  expect(read.map(([name, size]) => [name, size])).toEqual([
    [names[0], 100_000],
    [names[1], 0],
    [names[2], 7],
  ]);
});

test("a ZIP without files is one", async () => {
  expect(await readBack(await write([], []), "whole")).toEqual([]);
});

test("files beyond 4 GiB, and files that begin behind them, are found by Python", async () => {
  const last = new TextEncoder().encode("behind");
  const entries = [
    { path: "big", size: 5 * 2 ** 30, crc32: 1 },
    { path: "just below", size: 0xffff_fffe, crc32: 2 },
    { path: "just not", size: 0xffff_ffff, crc32: 3 },
    entryOf("last", last),
  ];
  const path = await write(entries, [undefined, undefined, undefined, last]);
  const read = await readBack(path, "quick");
  expect(read.map(([name, size, crc]) => ({ path: name, size, crc32: crc }))).toEqual(entries);
  const script = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('last').decode())";
  expect((await run("python3", ["-c", script, path])).stdout).toBe("behind\n");
});

test("more files than the old format counts are found by Python", async () => {
  const entries = Array.from({ length: 70_000 }, (_, index) => ({ path: `f/${index}`, size: 0, crc32: 0 }));
  const read = await readBack(await write(entries, []), "quick");
  expect(read).toHaveLength(70_000);
  expect(read.at(-1)?.[0]).toBe("f/69999");
});
