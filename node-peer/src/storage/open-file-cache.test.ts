import { mkdtemp, open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { OpenFileCache } from "./open-file-cache.js";

const FILES = 6;
let directory: string;
let opened: number[];
let handles: FileHandle[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-cache-"));
  for (let file = 0; file < FILES; file++) await writeFile(join(directory, String(file)), String(file));
  opened = [];
  handles = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function openFile(file: number): Promise<FileHandle> {
  opened.push(file);
  const handle = await open(join(directory, String(file)));
  handles.push(handle);
  return handle;
}

const text = async (handle: FileHandle): Promise<string> =>
  (await handle.read(new Uint8Array(1), 0, 1, 0)).buffer.toString();
const openCount = (): number => handles.filter((handle) => handle.fd !== -1).length;

it("opens a file once while it stays, and the least recently used goes first", async () => {
  const cache = new OpenFileCache(openFile, 2);
  for (const file of [0, 1, 0, 2, 0, 1]) await cache.use(file, text);
  expect(opened).toEqual([0, 1, 2, 1]);
  await cache.closeAll();
  expect(openCount()).toBe(0);
});

it("opens a file once for many users at the same time", async () => {
  const cache = new OpenFileCache(openFile, 2);
  await Promise.all(Array.from({ length: 20 }, () => cache.use(3, text)));
  expect(opened).toEqual([3]);
  await cache.closeAll();
});

it("never closes a file in use, though there are more of them than it may keep", async () => {
  const cache = new OpenFileCache(openFile, 1);
  const all = Array.from({ length: FILES }, (_, file) => file);
  const texts = await Promise.all(
    all.map((file) => cache.use(file, async (handle) => [await text(handle), await text(handle)])),
  );
  expect(texts).toHaveLength(FILES);
  await cache.use(0, text);
  await cache.closeAll();
  expect(openCount()).toBe(0);
});

it("keeps a pinned file open under any pressure", async () => {
  const cache = new OpenFileCache(openFile, 1);
  await cache.pin(5);
  await rm(join(directory, "5"));
  for (const file of [0, 1, 2]) await cache.use(file, text);
  await expect(cache.use(5, text)).resolves.toBeDefined();
  await cache.closeAll();
  expect(openCount()).toBe(0);
});

it("tries again to open what could not be opened", async () => {
  const cache = new OpenFileCache(openFile, 2);
  await rm(join(directory, "4"));
  await expect(cache.use(4, text)).rejects.toThrow("ENOENT");
  await writeFile(join(directory, "4"), "4");
  await expect(cache.use(4, text)).resolves.toBeDefined();
  await cache.closeAll();
});
