import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import type { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const BYTES = 64 * MIB;
const DONE = { code: 0, signal: null };
const INTERRUPTED = { code: 130, signal: null };

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

test("nothing is lost when the hub is killed half way and comes again", async () => {
  const content = await writeContent(bed.path("kept.bin"), BYTES, 1);
  const seeder = hub.upload("kept.bin");
  const { infoHash, name } = await seeder.event("shared");
  const downloader = hub.download("kept.bin", "first", "--down", "16M", "--keep-seeding");
  await downloader.verified(BYTES / 2);
  hub.process.kill("SIGKILL");
  await hub.process.end();
  expect((await downloader.event("complete")).size).toBe(BYTES);
  expect(await hashFile(bed.path("first", "kept.bin"))).toBe(content);

  await hub.restart();
  expect(await hub.listed(infoHash)).toMatchObject({ infoHash, name, size: BYTES });
  const search = bed.run(["search", "kept", "--tracker", hub.tracker]);
  expect(await search.event("found")).toMatchObject({ infoHash, name });
  expect(await search.end()).toEqual(DONE);

  // Both announce again by themselves.
  await hub.until(infoHash, ({ seeds }) => seeds === 2);
  const fresh = hub.download("kept.bin", "second");
  expect(await fresh.end()).toEqual(DONE);
  expect(await hashFile(bed.path("second", "kept.bin"))).toBe(content);
});

test("a seeder that is interrupted tells the hub at once", async () => {
  await writeContent(bed.path("brief.bin"), MIB, 2);
  const seeder = hub.upload("brief.bin");
  const { infoHash } = await seeder.event("shared");
  expect((await hub.listed(infoHash)).seeds).toBe(1);
  seeder.kill("SIGINT");
  expect(await seeder.end()).toEqual(INTERRUPTED);
  // No waiting: by the time that the process is gone the hub has been told.
  expect((await hub.listed(infoHash)).seeds).toBe(0);
});

test("a hub that is interrupted ends at once though seeders are connected, and they outlive it", async () => {
  await writeContent(bed.path("patient.bin"), MIB, 3);
  const seeder = hub.upload("patient.bin");
  const { infoHash } = await seeder.event("shared");
  hub.process.kill("SIGINT");
  expect(await hub.process.end()).toEqual(INTERRUPTED);
  await seeder.event("warning", ({ code }) => code === "tracker");
  await hub.restart();
  await hub.until(infoHash, ({ seeds }) => seeds === 1);
});

test("a second interrupt ends a seeder at once that still says goodbye", async () => {
  await writeContent(bed.path("stuck.bin"), MIB, 4);
  const seeder = hub.upload("stuck.bin");
  await seeder.event("shared");
  // A hub that is stopped does not answer the goodbye: waiting for it would take three seconds.
  hub.process.kill("SIGSTOP");
  // Two of the same kind might arrive as one.
  seeder.kill("SIGINT");
  seeder.kill("SIGTERM");
  expect(await seeder.end()).toEqual(INTERRUPTED);
  expect(seeder.all("stopped")).toEqual([]);
  hub.process.kill("SIGCONT");
});
