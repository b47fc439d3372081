import type { BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import type { ShoalProcess } from "../support/processes.js";
import { TabBed } from "./tab-bed.js";
import { openProfile } from "./watched-page.js";

const MIB = 1024 ** 2;
const BYTES = 48 * MIB;
const NAME = "lecture.webm";

/** Bytes a second, so slow that there is time to interrupt. */
const RATE = "5M";

/** In per cent. What has come is recorded every 16 MiB at the latest, so that of `MUCH` of the file a third is certain. */
const LITTLE = 10;
const CERTAIN = 25;
const MUCH = 40;

let tabs: TabBed;
/** Without a relay all bytes come from a peer that counts what it gave. */
let hub: TestHub;
let infoHash: string;
/** One for each test, on disk. */
let profile: BrowserContext;

beforeAll(async () => {
  tabs = await TabBed.open();
  hub = await TestHub.start(tabs.processes, ["--relay", "off"]);
  await writeContent(tabs.processes.path(NAME), BYTES, 1);
});

beforeEach(async ({ task }) => {
  profile = await openProfile(tabs.processes.path("profiles", task.id));
});

afterEach(async () => {
  await profile.close();
  await tabs.closeTabs();
});

afterAll(() => tabs.close());

test("a tab that is loaded again half way resumes with what it has and fetches none of it again", async () => {
  const slow = await seed("--up", RATE);
  const page = await getMuch();
  await page.reload();
  await expectRest(page, slow);
});

test("a tab whose renderer is killed half way is opened again and fetches nothing again that was verified", async () => {
  const slow = await seed("--up", RATE);
  const page = await getMuch();
  const crashed = page.waitForEvent("crash");
  const devtools = await profile.newCDPSession(page);
  // Never answered: who would answer is gone.
  void devtools.send("Page.crash").catch(() => undefined);
  await crashed;
  await expectRest(await open(), slow);
});

test("a sharer that is loaded again picks the file again, and who gets it goes on under the same link", async () => {
  const relayed = await TestHub.start(tabs.processes, ["--up", RATE], "relay");
  const { page, link } = await tabs.share(relayed.url, NAME, BYTES, 1);
  const getting = await tabs.beginToGet(link);
  await expect.poll(() => percent(getting), { timeout: 60_000 }).toBeGreaterThanOrEqual(LITTLE);
  await page.reload();
  await page.locator('[data-testid="share-state"][data-state="needs-files"]').waitFor();
  // What the relay has is not all.
  await getting.locator('[data-testid="get-state"][data-state="stalled"]').waitFor({ timeout: 60_000 });
  await page.getByTestId("refile-input").setInputFiles(tabs.processes.path(NAME));
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  expect(await page.getByTestId("share-link").innerText()).toBe(link);
  await tabs.expectSaved([getting], NAME);
  expect(await relayed.relayed("stored_bytes_total")).toBeLessThanOrEqual(BYTES * 1.05);
  expect(tabs.complaints).toEqual([]);
});

test("a sharer whose file was dropped goes on after one click, under the same link", async () => {
  await writeContent(tabs.processes.path("notes.txt"), MIB, 2);
  const page = await tabs.openTab(hub.url);
  await drop(page, tabs.processes.path("notes.txt"));
  const state = page.getByTestId("share-state");
  await expect.poll(() => state.getAttribute("data-state"), { timeout: 30_000 }).toBe("sharing");
  const link = await page.getByTestId("share-link").innerText();
  await page.reload();
  await page.getByTestId("grant-button").click();
  await expect.poll(() => state.getAttribute("data-state"), { timeout: 30_000 }).toBe("sharing");
  expect(await page.getByTestId("share-link").innerText()).toBe(link);
  expect(tabs.complaints).toEqual([]);
});

/** Shares the file from a Node peer. */
async function seed(...options: string[]): Promise<ShoalProcess> {
  const seeder = hub.upload(NAME, ...options);
  ({ infoHash } = await seeder.event("shared"));
  return seeder;
}

/** Ends a sharing peer; resolves to the bytes that it gave to others. */
async function uploadedBy(seeder: ShoalProcess): Promise<number> {
  seeder.kill("SIGINT");
  return (await seeder.event("stopped")).uploaded;
}

async function open(fragment = ""): Promise<Page> {
  const page = await profile.newPage();
  await page.goto(`${hub.url}${fragment}`);
  return page;
}

async function getMuch(): Promise<Page> {
  const page = await open(`#/s/${infoHash}`);
  await page.getByTestId("get-button").click();
  await expect.poll(() => percent(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(MUCH);
  return page;
}

/** Of what was chosen, rounded down. */
async function percent(page: Page): Promise<number> {
  return Number(await page.getByTestId("get-progress").getAttribute("aria-valuenow"));
}

/** Expects an interrupted get, resumes it from another peer, and counts what that one gives. */
async function expectRest(page: Page, before: ShoalProcess): Promise<void> {
  await page.locator('[data-testid="get-state"][data-state="interrupted"]').waitFor();
  const kept = await percent(page);
  expect(kept).toBeGreaterThanOrEqual(CERTAIN);
  expect(kept).toBeLessThan(100);
  expect(await uploadedBy(before)).toBeLessThan(BYTES);
  const seeder = await seed();
  await page.getByTestId("resume-button").click();
  await tabs.expectSaved([page], NAME);
  const again = await uploadedBy(seeder);
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThanOrEqual(Math.ceil((BYTES * (100 - kept)) / 100));
}

/** Drops a file of this machine on the page, as a person does: Playwright itself can only pick. */
async function drop(page: Page, path: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 100, y: 100, data });
  }
}
