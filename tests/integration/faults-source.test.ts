import { open, readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";

const MIB = 1024 * 1024;
const BYTES = 48 * MIB;

let bed: ProcessBed;
let hub: TestHub;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
});

afterAll(async () => {
  await bed.close();
});

/** Writes over the whole second half of a file, in place. */
async function change(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(Buffer.alloc(BYTES / 2, "changed"), 0, BYTES / 2, BYTES / 2);
  } finally {
    await file.close();
  }
}

test("a seeder whose file changes says so and stops serving it, and nobody keeps a wrong byte", async () => {
  const content = await writeContent(bed.path("draft.bin"), BYTES, 1);
  await writeContent(bed.path("other.bin"), MIB, 2);
  const seeder = bed.run(["upload", "draft.bin", "other.bin", "--tracker", hub.tracker, "--up", "8M"]);
  const { infoHash } = await seeder.event("shared", ({ name }) => name === "draft.bin");
  await seeder.event("shared", ({ name }) => name === "other.bin");
  const downloader = hub.download(infoHash, "got", "--timeout", "10s");
  await downloader.verified(BYTES / 4);
  await change(bed.path("draft.bin"));
  expect((await seeder.event("warning", ({ code }) => code === "source-changed")).message).toContain("draft.bin");
  await seeder.event("stopped", (event) => event.infoHash === infoHash);
  expect((await hub.listed(infoHash)).seeds).toBe(0);

  // Its other share goes on.
  expect(await hub.download("other.bin", "got-other").end()).toEqual({ code: 0, signal: null });

  // 5 when a block was read before the seeder's next look at its file, once a second: then a piece failed its hash here.
  expect([4, 5]).toContain((await downloader.end()).code);
  expect(await readdir(bed.path("got"))).not.toContain("draft.bin");

  // With the right bytes back somewhere, the download goes on from the verified ones to the very same content.
  await writeContent(bed.path("again", "draft.bin"), BYTES, 1);
  const again = hub.upload("again/draft.bin");
  await again.event("shared");
  expect(await hub.download(infoHash, "got").end()).toEqual({ code: 0, signal: null });
  expect(await hashFile(bed.path("got", "draft.bin"))).toBe(content);
});
