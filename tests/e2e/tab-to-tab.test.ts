import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { launchBrowser, openPage, type WatchedPage } from "./watched-page.js";

const MIB = 1024 ** 2;
const BYTES = 32 * MIB;
/** What passes more than once, at most. */
const TOLERANCE = 1.05;

let bed: ProcessBed;
let hub: TestHub;
let browser: Browser;
let opened: WatchedPage[] = [];

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  browser = await launchBrowser();
});

afterEach(async () => {
  for (const each of opened) await each.close();
  opened = [];
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

/** A tab in a context of its own: nothing is common to two of them but the hub. */
async function openTab(url = hub.url): Promise<Page> {
  const watched = await openPage(browser, url);
  opened.push(watched);
  return watched.page;
}

async function share(name: string, seed: number): Promise<{ page: Page; link: string }> {
  await writeContent(bed.path(name), BYTES, seed);
  const page = await openTab();
  await page.getByTestId("file-input").setInputFiles(bed.path(name));
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  return { page, link: await page.getByTestId("share-link").innerText() };
}

async function beginToGet(link: string): Promise<Page> {
  const page = await openTab(link);
  await page.getByTestId("get-button").click();
  return page;
}

/** Waits until a tab has all of it, saves it, and returns the bytes. */
async function saved(page: Page): Promise<Buffer> {
  await page.locator('[data-testid="get-state"][data-state="done"]').waitFor({ timeout: 90_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-button").click()]);
  return await readFile(await download.path());
}

/** A figure of the hub's relay. */
async function relayed(name: string): Promise<number> {
  const text = await (await fetch(new URL("metrics", hub.url))).text();
  return Number(new RegExp(`^shoal_relay_${name} (\\d+)`, "m").exec(text)?.[1]);
}

const noComplaints = () => expect(opened.flatMap(({ complaints }) => complaints)).toEqual([]);

test("three tabs get together what a fourth shares, which sends each piece once", async () => {
  const { link } = await share("holiday.mov", 1);
  const before = await relayed("stored_bytes_total");
  const tabs = [await beginToGet(link), await beginToGet(link), await beginToGet(link)];
  const content = await readFile(bed.path("holiday.mov"));
  for (const tab of tabs) expect(Buffer.compare(await saved(tab), content)).toBe(0);
  expect((await relayed("stored_bytes_total")) - before).toBeLessThanOrEqual(BYTES * TOLERANCE);
  noComplaints();
});

test("a tab gets from the relay what its sharer gave before it closed", async () => {
  const { page, link } = await share("talk.webm", 2);
  const first = await beginToGet(link);
  await saved(first);
  await page.context().close();
  await first.context().close();
  opened = [];
  const late = await beginToGet(link);
  expect(Buffer.compare(await saved(late), await readFile(bed.path("talk.webm")))).toBe(0);
  noComplaints();
});

test("the command gets from a tab", async () => {
  const { link } = await share("thesis.bin", 3);
  await hub.download(link, "got").event("complete");
  expect(Buffer.compare(await readFile(bed.path("got", "thesis.bin")), await readFile(bed.path("thesis.bin")))).toBe(0);
  noComplaints();
});
