import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import type { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

test("a download from two seeders goes on when one of them is killed half way", async () => {
  const bytes = 200 * MIB;
  const content = await writeContent(bed.path("large.bin"), bytes, 1);
  const killed = hub.upload("large.bin", "--up", "30M");
  const { infoHash } = await killed.event("shared");
  const other = hub.upload("large.bin", "--up", "30M");
  expect(await other.event("shared")).toMatchObject({ infoHash });
  const downloader = hub.download("large.bin", "large");
  const halfWay = await downloader.verified(bytes / 2);
  expect(halfWay).toMatchObject({ infoHash, peers: 2 });
  expect(halfWay.done).toBeLessThan(bytes);
  killed.kill("SIGKILL");
  expect(await downloader.end()).toEqual(DONE);
  expect(await hashFile(bed.path("large", "large.bin"))).toBe(content);
  other.kill("SIGKILL");
});

test("a seeder that cannot be dialled serves a downloader that can", async () => {
  const content = await writeContent(bed.path("hidden.bin"), 20 * MIB, 2);
  const seeder = hub.upload("hidden.bin", "--no-listen");
  await seeder.event("shared");
  expect(await hub.download("hidden.bin", "from-hidden").end()).toEqual(DONE);
  expect(await hashFile(bed.path("from-hidden", "hidden.bin"))).toBe(content);
  seeder.kill("SIGKILL");
});

test("a downloader that cannot be dialled is served by a seeder that can", async () => {
  const content = await writeContent(bed.path("open.bin"), 20 * MIB, 3);
  const seeder = hub.upload("open.bin");
  await seeder.event("shared");
  expect(await hub.download("open.bin", "to-hidden", "--no-listen").end()).toEqual(DONE);
  expect(await hashFile(bed.path("to-hidden", "open.bin"))).toBe(content);
  seeder.kill("SIGKILL");
});

test("three downloaders get from each other most of what a slow seeder sends once", async () => {
  const bytes = 48 * MIB;
  const content = await writeContent(bed.path("popular.bin"), bytes, 4);
  const seeder = hub.upload("popular.bin", "--up", "8M");
  await seeder.event("shared");
  const folders = ["a", "b", "c"];
  const downloaders = folders.map((folder) => hub.download("popular.bin", folder, "--keep-seeding"));
  for (const downloader of downloaders) await downloader.event("complete");
  for (const folder of folders) expect(await hashFile(bed.path(folder, "popular.bin"))).toBe(content);
  seeder.kill("SIGINT");
  const { uploaded } = await seeder.event("stopped");
  expect(uploaded).toBeGreaterThanOrEqual(bytes);
  expect(uploaded).toBeLessThan(1.6 * bytes);
});
