import { mkdir, writeFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { openTabScene } from "./tab-scene.js";

const BYTES = 1_500_000;

const scene = openTabScene();

test("files dropped anywhere on the window are shared as one folder, and come as they were", async () => {
  await writeContent(path("dropped a.bin"), BYTES, 11);
  await writeContent(path("dropped b.bin"), BYTES / 2, 12);
  const page = await scene.tabs.openTab(scene.hub.url);
  await drag(page, [path("dropped a.bin"), path("dropped b.bin")], ["dragEnter", "dragOver"]);
  await page.getByTestId("drop-overlay").waitFor();
  await drag(page, [path("dropped a.bin"), path("dropped b.bin")], ["drop"]);
  await page.getByTestId("drop-overlay").waitFor({ state: "detached" });
  const link = await sharedLink(page);
  expect(await page.getByTestId("share-card").innerText()).toMatch(/dropped a and 1 more\s+2.3 MB\s+2 files/);
  await scene.hub.download(link, "dropped").event("complete");
  const got = path("dropped", "dropped a and 1 more", "dropped b.bin");
  expect(await hashFile(got)).toBe(await hashFile(path("dropped b.bin")));
  expect(scene.tabs.complaints).toEqual([]);
});

test("a dropped folder is shared with all that is in it, and nothing of an empty one", async () => {
  await mkdir(path("trip", "day 1"), { recursive: true });
  await mkdir(path("hollow"));
  await writeFile(path("trip", "notes.txt"), "Leith");
  await writeContent(path("trip", "day 1", "harbour.flac"), BYTES, 13);
  const page = await scene.tabs.openTab(scene.hub.url);
  await drag(page, [path("hollow")], ["dragEnter", "dragOver", "drop"]);
  await page.getByText("There is no file in it").waitFor();
  await drag(page, [path("trip")], ["dragEnter", "dragOver", "drop"]);
  await scene.hub.download(await sharedLink(page), "trips").event("complete");
  const got = path("trips", "trip", "day 1", "harbour.flac");
  expect(await hashFile(got)).toBe(await hashFile(path("trip", "day 1", "harbour.flac")));
  expect(scene.tabs.complaints).toEqual([]);
});

test("a pasted file is shared, a pasted link is opened, and what is pasted into a field is left alone", async () => {
  const page = await scene.tabs.openTab(scene.hub.url, undefined, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["a screenshot"], "image.png"));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }`);
  const link = await sharedLink(page);
  expect(await page.getByTestId("share-card").innerText()).toContain("image.png");

  const other = await scene.tabs.openTab(scene.hub.url, undefined, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await other.evaluate(`navigator.clipboard.writeText(${JSON.stringify(link)})`);
  await other.getByTestId("search-input").focus();
  await other.keyboard.press("Control+V");
  expect(await other.getByTestId("search-input").inputValue()).toBe(link);
  await other.getByTestId("search-input").press("Escape");
  await other.evaluate("document.activeElement.blur()");
  await other.keyboard.press("Control+V");
  await other.getByTestId("get-button").waitFor();
  expect(new URL(other.url()).hash).toBe(new URL(link).hash);
  expect(scene.tabs.complaints).toEqual([]);
});

test("a file that changes on disk while it is shared is given to nobody, and the card says so", async () => {
  const { page, link } = await scene.tabs.share(scene.hub.url, "draft.txt", BYTES, 14);
  await writeContent(path("draft.txt"), BYTES, 15);
  const getting = await scene.tabs.beginToGet(link);
  await page.locator('[data-testid="share-state"][data-state="failed"]').waitFor({ timeout: 60_000 });
  expect(await page.getByTestId("share-card").innerText()).toContain("The file has changed since it was shared");
  expect(await page.getByTestId("share-link").count()).toBe(0);
  expect(await getting.getByTestId("get-progress").getAttribute("aria-valuenow")).toBe("0");
  await page.getByTestId("stop-button").click();
  await page.getByTestId("share-card").waitFor({ state: "detached" });
});

test("a second tab with the same share waits its turn, and goes on where the first ends", async () => {
  const { page, link } = await scene.tabs.share(scene.hub.url, "twice.bin", BYTES, 16);
  const second = await page.context().newPage();
  await second.goto(scene.hub.url);
  // The first tab's share is remembered in this browser, and is not this tab's to offer again.
  await second.getByTestId("file-input").setInputFiles(path("twice.bin"));
  await second.getByText("Another tab of this browser is at it already").waitFor();
  expect(await page.getByTestId("share-state").getAttribute("data-state")).toBe("sharing");
  await page.close();
  await second.locator('[data-testid="share-state"][data-state="sharing"]').waitFor({ timeout: 60_000 });
  expect(await second.getByTestId("share-link").innerText()).toBe(link);
  await scene.hub.download(link, "twice").event("complete");
  expect(await hashFile(path("twice", "twice.bin"))).toBe(await hashFile(path("twice.bin")));
});

function path(...parts: string[]): string {
  return scene.tabs.processes.path(...parts);
}

/** The link of the one share of a page, once it is shared. */
async function sharedLink(page: Page): Promise<string> {
  await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
  return await page.getByTestId("share-link").innerText();
}

type DragStep = "dragEnter" | "dragOver" | "drop";

/** As the desktop tells the browser of files that a person drags over its window. */
async function drag(page: Page, files: readonly string[], steps: readonly DragStep[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of steps) await session.send("Input.dispatchDragEvent", { type, x: 200, y: 300, data });
  await session.detach();
}
