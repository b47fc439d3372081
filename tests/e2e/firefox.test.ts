import { mkdir, readdir } from "node:fs/promises";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { ensureFirefox } from "../support/programs.js";

/** Some pieces and a bit, so that the last one is short. */
const BYTES = 8 * 1024 ** 2 + 12_345;
/** Longer than anything here takes on a busy machine. */
const WAIT_MS = 60_000;

let bed: ProcessBed;
let hub: TestHub;
let browser: Browser;

beforeAll(async () => {
  bed = await ProcessBed.open();
  await mkdir(bed.path("saved"));
  hub = await TestHub.start(bed);
  browser = await launchFirefox(bed.path("saved"));
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

/** Firefox without a window, which saves every download in `folder` without asking. */
async function launchFirefox(folder: string): Promise<Browser> {
  return await puppeteer.launch({
    browser: "firefox",
    executablePath: await ensureFirefox(),
    extraPrefsFirefox: {
      "browser.download.folderList": 2,
      "browser.download.dir": folder,
      "browser.download.useDownloadDir": true,
      "browser.download.always_ask_before_handling_new_types": false,
    },
  });
}

/** A tab that has nothing in common with another but the hub. */
async function openTab(url: string, complaints: string[]): Promise<Page> {
  const page = await (await browser.createBrowserContext()).newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

async function shown(page: Page, testId: string, more = ""): Promise<ElementHandle> {
  return (await page.waitForSelector(`[data-testid="${testId}"]${more}`))!;
}

test("a tab of Firefox shares a file, and another gets and saves it byte for byte", async () => {
  const complaints: string[] = [];
  const digest = await writeContent(bed.path("talk.webm"), BYTES, 7);
  const sharing = await openTab(hub.url, complaints);
  await (await shown(sharing, "file-input")).uploadFile(bed.path("talk.webm"));
  await shown(sharing, "share-state", '[data-state="sharing"]');
  await shown(sharing, "share-link");
  const link = (await sharing.evaluate(`document.querySelector('[data-testid="share-link"]').textContent`)) as string;

  const getting = await openTab(link, complaints);
  await (await shown(getting, "get-button")).click();
  await shown(getting, "get-state", '[data-state="done"]');
  await (await shown(getting, "save-button")).click();
  // Firefox gives the file its name when it is whole; an empty one stands in for it until then.
  const saved = async (): Promise<string> => {
    const files = await readdir(bed.path("saved"));
    return files.join() === "talk.webm" ? await hashFile(bed.path("saved", "talk.webm")) : files.join();
  };
  await expect.poll(saved, { timeout: WAIT_MS }).toBe(digest);
  expect(complaints).toEqual([]);
});
