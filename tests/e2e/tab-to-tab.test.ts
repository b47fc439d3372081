import { expect, test } from "vitest";
import { hashFile } from "../support/file-content.js";
import { openTabScene } from "./tab-scene.js";

const MIB = 1024 ** 2;
const BYTES = 64 * MIB;
/** What passes more than once, at most. */
const TOLERANCE = 1.05;

const scene = openTabScene();

test("three tabs get together what a fourth shares, which sends each piece once", async () => {
  const { link } = await scene.tabs.share(scene.hub.url, "holiday.mov", BYTES, 1);
  const before = await scene.hub.relayed("stored_bytes_total");
  const getting = [
    await scene.tabs.beginToGet(link),
    await scene.tabs.beginToGet(link),
    await scene.tabs.beginToGet(link),
  ];
  await scene.tabs.expectSaved(getting, "holiday.mov");
  expect((await scene.hub.relayed("stored_bytes_total")) - before).toBeLessThanOrEqual(BYTES * TOLERANCE);
  expect(scene.tabs.complaints).toEqual([]);
});

test("a tab gets from the relay what its sharer gave before it closed", async () => {
  const { page, link } = await scene.tabs.share(scene.hub.url, "talk.webm", BYTES / 2, 2);
  const first = await scene.tabs.beginToGet(link);
  await scene.tabs.expectSaved([first], "talk.webm");
  await scene.tabs.closeTab(page);
  await scene.tabs.closeTab(first);
  await scene.tabs.expectSaved([await scene.tabs.beginToGet(link)], "talk.webm");
  expect(scene.tabs.complaints).toEqual([]);
});

test("the command gets from a tab", async () => {
  const { link } = await scene.tabs.share(scene.hub.url, "thesis.bin", BYTES / 2, 3);
  await scene.hub.download(link, "got").event("complete");
  const { processes } = scene.tabs;
  expect(await hashFile(processes.path("got", "thesis.bin"))).toBe(await hashFile(processes.path("thesis.bin")));
  expect(scene.tabs.complaints).toEqual([]);
});
