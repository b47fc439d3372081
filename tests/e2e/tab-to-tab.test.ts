import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { hashFile } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
const BYTES = 64 * MIB;
/** What passes more than once, at most. */
const TOLERANCE = 1.05;

let tabs: TabBed;
let hub: TestHub;

beforeAll(async () => {
  tabs = await TabBed.open();
  hub = await TestHub.start(tabs.processes);
});

afterEach(() => tabs.closeTabs());

afterAll(() => tabs.close());

test("three tabs get together what a fourth shares, which sends each piece once", async () => {
  const { link } = await tabs.share(hub.url, "holiday.mov", BYTES, 1);
  const before = await hub.relayed("stored_bytes_total");
  const getting = [await tabs.beginToGet(link), await tabs.beginToGet(link), await tabs.beginToGet(link)];
  await tabs.expectSaved(getting, "holiday.mov");
  expect((await hub.relayed("stored_bytes_total")) - before).toBeLessThanOrEqual(BYTES * TOLERANCE);
  expect(tabs.complaints).toEqual([]);
});

test("a tab gets from the relay what its sharer gave before it closed", async () => {
  const { page, link } = await tabs.share(hub.url, "talk.webm", BYTES / 2, 2);
  const first = await tabs.beginToGet(link);
  await tabs.expectSaved([first], "talk.webm");
  await tabs.closeTab(page);
  await tabs.closeTab(first);
  await tabs.expectSaved([await tabs.beginToGet(link)], "talk.webm");
  expect(tabs.complaints).toEqual([]);
});

test("the command gets from a tab", async () => {
  const { link } = await tabs.share(hub.url, "thesis.bin", BYTES / 2, 3);
  await hub.download(link, "got").event("complete");
  const { processes } = tabs;
  expect(await hashFile(processes.path("got", "thesis.bin"))).toBe(await hashFile(processes.path("thesis.bin")));
  expect(tabs.complaints).toEqual([]);
});
