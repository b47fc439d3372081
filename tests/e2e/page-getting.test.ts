import type { Page } from "playwright";
import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { openTabScene } from "./tab-scene.js";
import { withScript } from "./watched-page.js";

const BYTES = 3_000_000;

/**
 * What a page asks of its browser is noted; that it is out of view is for the test to say. A browser without a screen
 * keeps none awake.
 */
const SPIES = `
  globalThis.told = [];
  globalThis.isAway = false;
  Object.defineProperty(document, "hidden", { get: () => globalThis.isAway });
  globalThis.Notification = class extends globalThis.Notification {
    constructor(title, options) {
      super(title, options);
      told.push("notification: " + title);
    }
  };
  navigator.wakeLock.request = async () => {
    told.push("awake");
    return { release: async () => told.push("asleep") };
  };
`;

/** Notes what the page asks of its engine. */
const COMMANDS = `
  globalThis.commands = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    commands.push(message.type);
    return postMessage.call(this, message, ...rest);
  };
`;

/** Both pickers lead to the browser's own file system, whose handles are as real as those of a disk. */
const PICKERS = `
  globalThis.showSaveFilePicker = async ({ suggestedName }) =>
    (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
`;

const scene = openTabScene();

test("a get is paused, resumed, cancelled, had back, and cancelled for good", async () => {
  const { infoHash } = await slowly("long.bin", 21);
  const page = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`);
  await page.getByTestId("get-button").click();
  await progressed(page);
  await page.getByTestId("pause-button").click();
  await inState(page, "paused");
  const paused = await page.getByTestId("get-progress").getAttribute("aria-valuenow");
  await page.getByTestId("resume-button").click();
  await inState(page, "getting");
  expect(Number(await page.getByTestId("get-progress").getAttribute("aria-valuenow"))).toBeGreaterThanOrEqual(
    Number(paused),
  );

  await page.getByTestId("cancel-button").click();
  await page.getByText("long.bin was cancelled.").waitFor();
  expect(await page.getByTestId("get-progress").count()).toBe(0);
  await page.getByTestId("undo-button").click();
  await page.getByTestId("pause-button").waitFor();
  expect(Number(await page.getByTestId("get-progress").getAttribute("aria-valuenow"))).toBeGreaterThan(0);

  await page.getByTestId("cancel-button").click();
  await page.getByTestId("undo-toast").waitFor();
  // Until it can be had back no more, the pointer must not rest on it.
  await page.mouse.move(0, 0);
  await page.getByTestId("get-button").waitFor({ timeout: 30_000 });
  expect(await page.getByTestId("undo-toast").count()).toBe(0);
  await page.reload();
  await page.getByTestId("get-button").waitFor();
  expect(scene.tabs.complaints).toEqual([]);
});

test("its details show peers and pieces as it comes, which the engine is asked for once", async () => {
  const { infoHash } = await slowly("detailed.bin", 27);
  const page = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`, withScript(COMMANDS));
  await page.getByTestId("get-button").click();
  await progressed(page);
  await page.getByText("Details", { exact: true }).click();
  await page.getByTestId("peer-row").first().waitFor();
  await page.getByRole("img", { name: /pieces/ }).waitFor();
  await inState(page, "done");
  const commands = await page.evaluate<readonly string[]>("commands");
  expect(commands.filter((type) => type === "watch")).toHaveLength(1);
  expect(scene.tabs.complaints).toEqual([]);
});

test("while it comes, the title tells how far it is and the screen stays awake; then a notification tells who looks elsewhere", async () => {
  const { infoHash } = await slowly("film.webm", 22);
  const page = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`, withScript(SPIES), {
    permissions: ["notifications"],
  });
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Tell me when something is here").check();
  await page.keyboard.press("Escape");
  await page.getByTestId("get-button").click();
  await expect
    .poll(() => page.title(), { timeout: 60_000, interval: 50 })
    .toMatch(/^[1-9]\d?\s% · film\.webm · Shoal$/);
  await until(page, "told.includes('awake')");
  expect(await page.evaluate("told.includes('asleep')")).toBe(false);
  await page.evaluate("isAway = true");
  await inState(page, "done");
  await until(page, "told.includes('notification: film.webm is here')");
  await until(page, "told.includes('asleep')");
  expect(await page.title()).toBe("film.webm · Shoal");
  expect(scene.tabs.complaints).toEqual([]);
});

test("who looks at the page gets no notification, and who has not asked for them neither", async () => {
  const { infoHash } = await scene.hub.upload(await written("short.bin", 23)).event("shared");
  const watching = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`, withScript(SPIES), {
    permissions: ["notifications"],
  });
  await watching.getByRole("button", { name: "Settings" }).click();
  await watching.getByLabel("Tell me when something is here").check();
  await watching.keyboard.press("Escape");
  const silent = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`, withScript(SPIES), {
    permissions: ["notifications"],
  });
  await silent.evaluate("isAway = true");
  for (const page of [watching, silent]) {
    await page.getByTestId("get-button").click();
    await page.getByTestId("save-button").waitFor();
    expect(await page.evaluate("told.filter((each) => each.startsWith('notification'))")).toEqual([]);
  }
});

test("a full quota is said before anything is fetched, and the get goes on once there is room", async () => {
  const { infoHash } = await scene.hub.upload(await written("large.bin", 24)).event("shared");
  const page = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`);
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(scene.hub.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: BYTES / 3 });
  await page.getByTestId("get-button").click();
  await inState(page, "failed");
  expect(await page.locator("main").innerText()).toContain("There is no room left for it");
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByTestId("resume-button").click();
  await scene.tabs.expectSaved([page], "large.bin");
  expect(scene.tabs.complaints).toEqual([]);
});

test("it is written to the place that a person picks, where the browser has a picker", async () => {
  const { infoHash } = await scene.hub.upload(await written("picked.bin", 25)).event("shared");
  const page = await scene.tabs.openTab(`${scene.hub.url}#/s/${infoHash}`, withScript(PICKERS));
  await page.getByTestId("get-button").click();
  await page.getByTestId("save-to-button").click();
  await page.getByText("Saved to picked.bin.").waitFor();
  const hash = await page.evaluate<string>(`(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle("picked.bin")).getFile();
    const digest = await crypto.subtle.digest("SHA-1", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  })()`);
  expect(hash).toBe(await hashFile(scene.tabs.processes.path("picked.bin")));

  const without = await scene.tabs.openTab(
    `${scene.hub.url}#/s/${infoHash}`,
    withScript("globalThis.showSaveFilePicker = undefined"),
  );
  await without.getByTestId("get-button").click();
  await without.getByTestId("save-button").waitFor();
  expect(await without.getByTestId("save-to-button").count()).toBe(0);
});

test("closing the tab asks first while nobody else has all of the share, and not after", async () => {
  const { page } = await scene.tabs.share(scene.hub.url, "needed.bin", BYTES, 26);
  expect(await page.getByTestId("share-card").innerText()).toContain("Keep this tab open");
  // Browsers ask only who has touched the page.
  await page.getByRole("heading", { level: 1 }).click();
  // Else it is answered for whoever leaves.
  page.removeAllListeners("dialog");
  const [dialog] = await Promise.all([page.waitForEvent("dialog"), page.close({ runBeforeUnload: true })]);
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await page.getByTestId("stop-button").click();
  await page.getByTestId("share-card").waitFor({ state: "detached" });
  await Promise.all([page.waitForEvent("close"), page.close({ runBeforeUnload: true })]);
});

test("nothing moves for who does not want it", async () => {
  const page = await scene.tabs.openTab(scene.hub.url, undefined, { reducedMotion: "reduce" });
  expect(await page.evaluate("getComputedStyle(document.querySelector('.button')).transitionDuration")).toBe("0s");
  const strokes = "[...document.querySelectorAll('.wordmark path')].map((path) => path.getAttribute('transform'))";
  await page.mouse.move(400, 400);
  await page.mouse.move(10, 500);
  const turns = await page.evaluate<string[]>(strokes);
  expect(turns.map((turn) => turn.split(" ")[0])).toEqual(Array.from({ length: 5 }, () => "rotate(0.0"));
});

async function written(name: string, seed: number): Promise<string> {
  await writeContent(scene.tabs.processes.path(name), BYTES, seed);
  return scene.tabs.processes.path(name);
}

/** Shared from the command line at a rate that leaves time to look. */
async function slowly(name: string, seed: number): Promise<{ readonly infoHash: string }> {
  return await scene.hub.upload(await written(name, seed), "--up", "400K").event("shared");
}

async function inState(page: Page, kind: string): Promise<void> {
  await page.locator(`[data-testid="get-state"][data-state="${kind}"]`).waitFor({ timeout: 60_000 });
}

/** The page's policy lets no test evaluate in it again and again: it is asked from here. */
async function until(page: Page, condition: string): Promise<void> {
  await expect.poll(() => page.evaluate<boolean>(condition), { timeout: 60_000, interval: 50 }).toBe(true);
}

async function progressed(page: Page): Promise<void> {
  await until(page, "Number(document.querySelector('[data-testid=get-progress]')?.getAttribute('aria-valuenow')) > 0");
}
