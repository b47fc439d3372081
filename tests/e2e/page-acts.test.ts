import { appendFile, open as openFile, readFile, utimes, writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { launchBrowser, openPage, type WatchedPage } from "./watched-page.js";

const BYTES = 3_000_000;

let bed: ProcessBed;
let hub: TestHub;
let browser: Browser;
let watched: WatchedPage | undefined;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  browser = await launchBrowser();
});

afterEach(async () => {
  await watched?.close();
  watched = undefined;
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

async function open(fragment = ""): Promise<Page> {
  watched = await openPage(browser, `${hub.url}${fragment}`);
  return watched.page;
}

test("a picked file gets a link that its card shows once, whole and nothing else", async () => {
  await writeContent(bed.path("holiday.mov"), BYTES, 1);
  const page = await open();
  await page.getByTestId("file-input").setInputFiles(bed.path("holiday.mov"));
  const link = page.getByTestId("share-link");
  await link.waitFor();
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  const url = await link.innerText();
  expect(url).toBe(await link.getAttribute("href"));
  const infoHash = /#\/s\/([0-9a-f]{40})$/.exec(url)?.[1] ?? "";
  expect(await hub.listed(infoHash)).toMatchObject({ name: "holiday.mov", size: BYTES });

  await page.getByRole("button", { name: "QR code" }).click();
  await page.getByRole("img", { name: /QR code of the link to holiday\.mov/ }).waitFor();
  await page.getByTestId("stop-button").click();
  await page.getByTestId("share-card").waitFor({ state: "detached" });
  expect(watched?.complaints).toEqual([]);
});

test("a picked file that is written to afterwards is given to nobody, and the page says so", async () => {
  await writeContent(bed.path("draft.txt"), BYTES, 3);
  const page = await open();
  await page.getByTestId("file-input").setInputFiles(bed.path("draft.txt"));
  const state = page.getByTestId("share-state");
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  const infoHash = /#\/s\/([0-9a-f]{40})$/.exec(await page.getByTestId("share-link").innerText())?.[1] ?? "";
  await appendFile(bed.path("draft.txt"), "one more thought");
  const downloader = hub.download(infoHash, "got-draft", "--timeout", "5s");
  await page.getByText("The file has changed since it was shared.").waitFor();
  expect(await state.getAttribute("data-state")).toBe("failed");
  expect((await downloader.end()).code).toBe(4);
  await hub.until(infoHash, ({ seeds, leeches }) => seeds === 0 && leeches === 0);
});

test("a picked file that rots without a trace is given as far as it is right, and the page says what is lost", async () => {
  const path = bed.path("archive.bin");
  await writeContent(path, BYTES, 4);
  const time = new Date("2026-01-01T00:00:00Z");
  await utimes(path, time, time);
  const page = await open();
  await page.getByTestId("file-input").setInputFiles(path);
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  const infoHash = /#\/s\/([0-9a-f]{40})$/.exec(await page.getByTestId("share-link").innerText())?.[1] ?? "";
  await hub.until(infoHash, ({ seeds }) => seeds === 1);
  await flipByte(path, BYTES / 2);
  // As a failing disk leaves it: a browser looks at size and time.
  await utimes(path, time, time);
  const downloader = hub.download(infoHash, "got-archive", "--timeout", "8s");
  await page.getByText("1 piece is not what was shared any more").waitFor();
  expect(await page.getByTestId("share-state").getAttribute("data-state")).toBe("sharing");
  expect((await downloader.end()).code).toBe(5);
  await hub.until(infoHash, ({ seeds }) => seeds === 0);
});

test("what is shared with the link alone is not found", async () => {
  await writeFile(bed.path("letter.txt"), "for you alone");
  const page = await open();
  await page.getByText("Only with the link").click();
  await page.getByTestId("file-input").setInputFiles(bed.path("letter.txt"));
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  await page.getByTestId("search-input").fill("letter");
  await page.locator("p", { hasText: "Nothing found for “letter”" }).first().waitFor();
});

test("a link opened is got, shown as it comes, and saved byte for byte", async () => {
  await writeContent(bed.path("thesis.bin"), BYTES, 2);
  const { infoHash } = await hub.upload("thesis.bin").event("shared");
  const page = await open();
  await page.getByTestId("link-input").fill(infoHash);
  await page.getByTestId("open-link").click();
  const get = page.getByTestId("get-button");
  await get.waitFor();
  expect(await get.innerText()).toBe("Get 3 MB");
  await get.click();
  await page.locator('[data-testid="get-state"][data-state="done"]').waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-button").click()]);
  expect(download.suggestedFilename()).toBe("thesis.bin");
  expect(Buffer.compare(await readFile(await download.path()), await readFile(bed.path("thesis.bin")))).toBe(0);
  await page.getByText("Saved.").waitFor();
  expect(watched?.complaints).toEqual([]);
});

test("everything on the way to a share is reached by keyboard", async () => {
  await writeFile(bed.path("keys.txt"), "tab, tab, enter");
  const { infoHash } = await hub.upload("keys.txt").event("shared");
  const page = await open();
  await page.getByTestId("search-result").first().waitFor();
  await tabTo(page, "link-input");
  await page.keyboard.type(infoHash);
  await page.keyboard.press("Enter");
  await page.getByTestId("get-button").waitFor();
  await tabTo(page, "get-button");
  await page.keyboard.press("Enter");
  await page.getByTestId("save-button").waitFor();
  await tabTo(page, "save-button");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  expect(await readFile(await download.path(), "utf8")).toBe("tab, tab, enter");
});

/** Tab after tab until the focus is there. */
async function tabTo(page: Page, testid: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    const reached = await page.evaluate("document.activeElement?.getAttribute('data-testid')");
    if (reached === testid) return;
  }
  throw new Error(`No number of tabs leads to ${testid}`);
}

async function flipByte(path: string, offset: number): Promise<void> {
  const file = await openFile(path, "r+");
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, offset);
  await file.write(
    byte.map((value) => value ^ 0xff),
    0,
    1,
    offset,
  );
  await file.close();
}
