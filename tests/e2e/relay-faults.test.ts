import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { hurry, makeSwift, SWIFT_PROCESS } from "./swift-tab.js";
import { HUB_AWAY, TabBed } from "./tab-bed.js";
import { TabEngine } from "./tab-engine.js";

const MIB = 1024 ** 2;
const MINUTE = 60_000;

// Browsers and hubs on a machine that has other work, too.
vi.setConfig({ testTimeout: 300_000 });

let tabs: TabBed;
let hub: TestHub;

beforeAll(async () => {
  tabs = await TabBed.open();
  // Slow enough that half way is a time at which something can be done.
  hub = await TestHub.start(tabs.processes, ["--up", "8M"]);
});

afterEach(() => tabs.closeTabs());

afterAll(() => tabs.close());

test("when the only relay is killed and comes again half way, all go on by themselves", async () => {
  const bytes = 24 * MIB;
  const sharing = await tabs.share(hub.url, "lecture.ogg", bytes, 1);
  const getting = [await tabs.beginToGet(sharing.link), await tabs.beginToGet(sharing.link)];
  for (const page of getting) await tabs.progressed(page, 20);
  const storedBefore = await hub.relayed("stored_bytes_total");
  await hub.kill();
  await hub.restart();
  await tabs.expectSaved(getting, "lecture.ogg");
  // What was in the cache is there again, and what was under way comes once more.
  expect(storedBefore + (await hub.relayed("stored_bytes_total"))).toBeLessThanOrEqual(bytes + 8 * MIB);
  expect(tabs.complaintsBut(HUB_AWAY)).toEqual([]);
});

test("two tabs with different halves finish from each other, with the sharer gone and a relay that has lost its cache", async () => {
  const names = ["left.bin", "right.bin"];
  const half = 8 * MIB;
  for (const [index, name] of names.entries()) await writeContent(tabs.processes.path(name), half, 10 + index);
  const contexts = await Promise.all([1, 2, 3].map(() => tabs.browser.newContext()));
  const [a, b, c] = await Promise.all(contexts.map((context) => TabEngine.open(context, hub.url)));
  await a!.share(
    "halves",
    "halves",
    names.map((name) => tabs.processes.path(name)),
  );
  const { infoHash } = await a!.untilShare("halves", `share.state.kind === "sharing"`);
  const link = `${hub.url}#/s/${infoHash}`;
  const getting = [b!, c!];
  for (const [index, tab] of getting.entries()) {
    await tab.post({ type: "look", link });
    await tab.until(infoHash!, `get.state.kind === "found"`);
    await tab.post({ type: "get", infoHash, select: [index] });
  }
  for (const tab of getting) await tab.until(infoHash!, `get.state.kind === "done"`);

  await contexts[0]!.close();
  await hub.kill();
  await hub.loseCache();
  await hub.restart();
  for (const tab of getting) await tab.post({ type: "get", infoHash });
  for (const tab of getting) {
    await tab.until(infoHash!, `get.state.kind === "done" && get.doneBytes === ${2 * half}`);
    const zip = await readFile((await tab.save(infoHash!)).path);
    for (const name of names) expect(zip.includes(await readFile(tabs.processes.path(name)))).toBe(true);
  }
  expect(await hub.relayed("stored_bytes_total")).toBe(2 * half);
  for (const context of contexts.slice(1)) await context.close();
});

test("a tab that has shared for a quarter of an hour without anything happening gives to who comes then", async () => {
  const quiet = await TestHub.start(tabs.processes, [], "quiet", { env: SWIFT_PROCESS });
  const sharing = await tabs.share(quiet.url, "thesis.pdf", 4 * MIB, 3, makeSwift);
  const from = await hurry(sharing.page, true);
  quiet.process.kill("SIGUSR2");
  await expect.poll(() => hurry(sharing.page), { timeout: MINUTE, interval: 500 }).toBeGreaterThan(from + 15 * MINUTE);
  await hurry(sharing.page, false);
  quiet.process.kill("SIGUSR2");
  // The clock of the hub has moved as well: the tab has announced itself every two minutes.
  expect(await quiet.tracked("announces_total")).toBeGreaterThanOrEqual(8);
  expect(await quiet.relayed("stored_bytes_total")).toBe(0);
  await tabs.expectSaved([await tabs.beginToGet(sharing.link)], "thesis.pdf");
  expect(tabs.complaints).toEqual([]);
});
