import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestHub } from "../support/hub.js";
import { SlowLine } from "../support/slow-line.js";
import { TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
const BYTES = 16 * MIB;
const QUOTA = BYTES / 4;
const NAME = "concert.flac";

/** What its sharer sends at most, in sizes of the file. */
const SENT_LIMIT = 1.5;

/** How often the folder is looked at. */
const LOOK_AGAIN_MS = 200;

/** Bytes a second on the line of two tabs: first there must be time to pause one, then the other one takes ages. */
const BEGINNING = MIB;
const SLOW = MIB / 16;

/** A tab on a free line has come to its end before one on a slow line is here, in per cent. */
const FAR_BEHIND = 50;

let tabs: TabBed;
let hub: TestHub;
let line: SlowLine;

beforeAll(async () => {
  tabs = await TabBed.open();
  hub = await TestHub.start(tabs.processes, ["--cache", String(QUOTA)]);
  line = await SlowLine.open(hub.url);
});

afterAll(async () => {
  await line.close();
  await tabs.close();
});

test("with a cache of a quarter of the file, a paused tab and a slow one hold nobody up, and all get it", async () => {
  const { page: sharer, infoHash } = await tabs.share(hub.url, NAME, BYTES, 1);
  const cache = new WatchedCache(hub, tabs.processes.path("hub", "hub", "cache"));
  line.slowTo(BEGINNING);
  const paused = await tabs.beginToGet(`${line.url}#/s/${infoHash}`);
  const slow = await tabs.beginToGet(`${line.url}#/s/${infoHash}`);
  for (const page of [paused, slow]) await expect.poll(() => percent(page), { timeout: 60_000 }).toBeGreaterThan(1);
  await paused.getByTestId("pause-button").click();
  await paused.locator('[data-testid="get-state"][data-state="paused"]').waitFor();
  line.slowTo(SLOW);

  await tabs.expectSaved([await tabs.beginToGet(`${hub.url}#/s/${infoHash}`)], NAME);
  expect(await percent(slow)).toBeLessThan(FAR_BEHIND);

  await paused.getByTestId("resume-button").click();
  line.slowTo(Infinity);
  await tabs.expectSaved([paused, slow], NAME);
  expect(await cache.stop()).toBeLessThanOrEqual(QUOTA);
  expect(await hub.relayed("evicted_pieces_total")).toBeGreaterThan(0);
  expect(await given(sharer)).toBeLessThanOrEqual(BYTES * SENT_LIMIT);
  expect(tabs.complaints).toEqual([]);
});

async function percent(page: Page): Promise<number> {
  return Number(await page.getByTestId("get-progress").getAttribute("aria-valuenow"));
}

/** What a sharer says to have given, in bytes: to a tenth of the unit. */
async function given(sharer: Page): Promise<number> {
  const said = await sharer.getByTestId("share-card").innerText();
  return Number(/([\d.]+) MB given/.exec(said)?.[1]) * 1_000_000;
}

/** Notes the most that a hub's cache ever had on disk, or said to have. */
class WatchedCache {
  readonly #hub: TestHub;
  readonly #folder: string;
  readonly #watching: Promise<void>;
  #isOver = false;
  #mostBytes = 0;

  constructor(hub: TestHub, folder: string) {
    this.#hub = hub;
    this.#folder = folder;
    this.#watching = this.#watch();
    // Heard by whoever stops it.
    this.#watching.catch(() => undefined);
  }

  /** The most bytes that were seen. */
  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#watching;
    return this.#mostBytes;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      this.#mostBytes = Math.max(this.#mostBytes, this.#onDisk(), await this.#hub.relayed("cache_bytes"));
      // Nobody tells of what comes and goes.
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** While the hub stands still: else a piece that made room for another while the folder is read would count beside it. */
  #onDisk(): number {
    this.#hub.process.kill("SIGSTOP");
    try {
      const files = readdirSync(this.#folder, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      // What its threads had begun when it was stopped may still end: such a piece has another name by now.
      const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      return files.reduce((sum, file) => sum + sizeOf(join(file.parentPath, file.name)), 0);
    } finally {
      this.#hub.process.kill("SIGCONT");
    }
  }
}
