import type { Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { TestHub } from "../support/hub.js";
import { HUB_AWAY, TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
/** What passes more than once, at most. */
const TOLERANCE = 1.05;
/** Bytes a second that a hub gives, so few that it can be killed half way. */
const RATE = "2M";
/** What the browser writes when the second hub is asked for a share of the first. */
const NOT_LISTED_HERE = /status of 404/;

// Browsers and hubs on a machine that has other work, too.
vi.setConfig({ testTimeout: 300_000 });

let tabs: TabBed;

beforeAll(async () => {
  tabs = await TabBed.open();
});

afterEach(() => tabs.closeTabs());

afterAll(() => tabs.close());

/** Two hubs, of which the second announces what it carries at the first one's tracker, too. */
async function startHubs(name: string, options: readonly string[] = []): Promise<readonly [TestHub, TestHub]> {
  const first = await TestHub.start(tabs.processes, options, `${name}-first`);
  const second = await TestHub.start(tabs.processes, [...options, "--tracker", first.tracker], `${name}-second`);
  return [first, second];
}

/** Pastes a link of one hub into another one's page and begins to get what it leads to. */
async function getAt(hub: TestHub, link: string): Promise<Page> {
  const page = await tabs.openTab(hub.url);
  await page.getByTestId("link-input").fill(link);
  await page.getByTestId("open-link").click();
  await page.getByTestId("get-button").click();
  return page;
}

test("tabs at two hubs get together what a fourth shares, which sends each piece once over both relays", async () => {
  const [first, second] = await startHubs("together");
  const bytes = 64 * MIB;
  const sharing = await tabs.share(first.url, "holiday.mov", bytes, 1);
  const getting = await Promise.all([
    tabs.beginToGet(sharing.link),
    getAt(second, sharing.link),
    getAt(second, sharing.link),
  ]);
  await tabs.expectSaved(getting, "holiday.mov");
  expect(await tabs.given(sharing.page, bytes)).toBeLessThanOrEqual(bytes * TOLERANCE);
  // One hop between the relays: each has everything, and the second has it from the first, once.
  for (const hub of [first, second]) {
    const stored = await hub.relayed("stored_bytes_total");
    expect(stored).toBeGreaterThanOrEqual(bytes);
    expect(stored).toBeLessThanOrEqual(bytes * TOLERANCE);
  }
  expect(tabs.complaintsBut(NOT_LISTED_HERE)).toEqual([]);
});

test("when the relay and its hub are killed half way, another takes over, and all go on by themselves", async () => {
  const [first, second] = await startHubs("killed", ["--up", RATE]);
  const bytes = 16 * MIB;
  const sharing = await tabs.share(first.url, "talk.webm", bytes, 2);
  const elsewhere = await getAt(second, sharing.link);
  await tabs.progressed(elsewhere, 5);
  const getting = await tabs.beginToGet(sharing.link);
  await tabs.progressed(getting, 20);
  await first.kill();
  await tabs.expectSaved([getting, elsewhere], "talk.webm");
  expect(tabs.complaintsBut(new RegExp(`${HUB_AWAY.source}|${NOT_LISTED_HERE.source}`))).toEqual([]);
});
