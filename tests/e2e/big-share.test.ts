import { truncate, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { treePrivateBytes } from "../bench/process/process-tree.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { TreeMemoryWatch } from "../support/tree-memory-watch.js";
import { BareBrowser } from "./bare-browser.js";

const MIB = 1024 ** 2;
/** A file of holes: nothing of it lies on the disk. */
const BYTES = 4096 * MIB;
/** What a browser may take for a share of any size, above what it has without. */
const MEMORY_LIMIT = 150 * MIB;
const TEST_LIMIT_MS = 300_000;
/** Fewer looks than this say nothing of a peak. */
const LEAST_LOOKS = 10;

let bed: ProcessBed;
let browser: BareBrowser;

beforeAll(async () => {
  bed = await ProcessBed.open();
  browser = await BareBrowser.launch(bed.folder);
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

test("a tab hashes 4 GiB, and its browser takes no 150 MiB for it", { timeout: TEST_LIMIT_MS }, async () => {
  await writeFile(bed.path("film.mkv"), "");
  await truncate(bed.path("film.mkv"), BYTES);
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
