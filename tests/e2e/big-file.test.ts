import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { treePrivateBytes } from "../bench/process/process-tree.js";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { TreeMemoryWatch } from "../support/tree-memory-watch.js";
import { ProcessBed } from "../support/processes.js";
import { BareBrowser } from "./bare-browser.js";

const MIB = 1024 ** 2;
const BYTES = 2048 * MIB;
/** A file of holes: nothing of it lies on the disk. */
const HASHED_BYTES = 4096 * MIB;
/** What a browser may take for a share of any size, above what it has without. */
const MEMORY_LIMIT = 150 * MIB;
/** Fewer looks than this say nothing of a peak. */
const LEAST_LOOKS = 10;

// All of it is written three times and read four times: minutes, where others work at the same time.
vi.setConfig({ testTimeout: 600_000 });

let bed: ProcessBed;
let browser: BareBrowser;

beforeEach(async () => {
  bed = await ProcessBed.open();
  browser = await BareBrowser.launch(bed.folder);
});

afterEach(async () => {
  await browser.close();
  await bed.close();
});

test("a tab gets and saves 2 GiB from a Node peer, and its browser takes no 150 MiB for it", async () => {
  const digest = await writeContent(bed.path("film.mkv"), BYTES, 9);
  const hub = await TestHub.start(bed);
  const seeder = hub.upload("film.mkv");
  const { infoHash } = await seeder.event("shared");
  const tab = await browser.openTab(`${hub.url}#/s/${infoHash}`);
  await tab.shown('[data-testid="get-button"]');

  const idle = treePrivateBytes(browser.pid);
  const memory = new TreeMemoryWatch(browser.pid);
  await tab.click('[data-testid="get-button"]');
  await tab.shown('[data-testid="get-state"][data-state="done"]');
  seeder.kill("SIGTERM");
  await seeder.end();
  // Never three times on the disk.
  await rm(bed.path("film.mkv"));
  const saved = browser.downloaded();
  await tab.click('[data-testid="save-button"]');
  await saved;
  const peak = memory.stop();
  expect(await hashFile(join(bed.folder, "saved", "film.mkv"))).toBe(digest);
  expect(memory.looks).toBeGreaterThan(LEAST_LOOKS);
  expect(peak - idle).toBeLessThan(MEMORY_LIMIT);
});

test("a tab hashes 4 GiB, and its browser takes no 150 MiB for it", async () => {
  await writeFile(bed.path("film.mkv"), "");
  await truncate(bed.path("film.mkv"), HASHED_BYTES);
  const hub = await TestHub.start(bed);
  const tab = await browser.openTab(hub.url);
  await tab.shown('[data-testid="file-input"]');
  const idle = treePrivateBytes(browser.pid);
  const memory = new TreeMemoryWatch(browser.pid);
  await tab.pick('[data-testid="file-input"]', bed.path("film.mkv"));
  await tab.shown('[data-testid="share-state"][data-state="sharing"]');
  const peak = memory.stop();
  expect(memory.looks).toBeGreaterThan(LEAST_LOOKS);
  expect(peak - idle).toBeLessThan(MEMORY_LIMIT);
});
