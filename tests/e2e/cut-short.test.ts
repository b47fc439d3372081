import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { writeContent } from "../support/file-content.js";
import { launchBrowser } from "./watched-page.js";

let bed: ProcessBed;
let hub: TestHub;
let browser: Browser;
let infoHash: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  await writeContent(bed.path("piano.bin"), 300_000, 1);
  infoHash = (await hub.upload("piano.bin").event("shared")).infoHash;
  browser = await launchBrowser();
});

afterEach(async () => {
  await context.close();
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

/** Opens the share; what has a name like `file` is cut off, so many times. */
async function openWithout(file: RegExp, times: number): Promise<void> {
  context = await browser.newContext();
  page = await context.newPage();
  let left = times;
  await context.route(file, (route) => (left-- > 0 ? route.abort("connectionreset") : route.continue()));
  await page.goto(`${hub.url}#/s/${infoHash}`);
}

test("a page whose script does not come says so, and works once it is loaded again", async () => {
  await openWithout(/index-.*\.js/, 1);
  await page.getByText("This page did not load completely. Reload it to try again.").waitFor();
  await page.reload();
  await page.getByTestId("get-button").waitFor();
  expect(await page.getByText("did not load completely").count()).toBe(0);
});

test("an engine that comes at the third time gets what was clicked meanwhile", async () => {
  await openWithout(/worker-.*\.js/, 2);
  await page.getByTestId("get-button").click();
  await page.getByTestId("get-state").and(page.locator("[data-state=done]")).waitFor();
  expect(await page.getByTestId("notice-not-loaded").count()).toBe(0);
});

test("an engine that does not come is told of until it does", async () => {
  await openWithout(/worker-.*\.js/, 3);
  const notice = page.getByTestId("notice-not-loaded");
  await notice.waitFor();
  expect(await notice.innerText()).toContain("A part of this page could not be loaded");
  await notice.waitFor({ state: "detached" });
  await page.getByTestId("get-button").click();
  await page.getByTestId("get-state").and(page.locator("[data-state=done]")).waitFor();
});
