import { afterAll, beforeAll, expect, test } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";

const MIB = 1024 * 1024;
const BYTES = 6 * MIB;
const PIECES = BYTES / (32 * 1024);
const LOOK_MS = 100;
const WAIT_LIMIT_MS = 60_000;

let bed: ProcessBed;
let hub: TestHub;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed, ["--cache", "2M"]);
});

afterAll(async () => {
  await bed.close();
});

/** Asks the tracker how many peers hold each piece until their sum is what it should be. */
async function untilHeld(infoHash: string, expected: () => number | Promise<number>): Promise<void> {
  for (const fromMs = performance.now(); ;) {
    const response = await fetch(new URL(`api/torrents/${infoHash}/pieces`, hub.url));
    const { holders } = (await response.json()) as { readonly holders: readonly number[] };
    const held = holders.reduce((sum, count) => sum + count, 0);
    const should = await expected();
    if (held === should) return;
    if (performance.now() - fromMs > WAIT_LIMIT_MS) throw new Error(`The tracker says ${held}, not ${should}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

test("the tracker knows who holds what, through a crash, a resumption and what a relay forgets", async () => {
  await writeContent(bed.path("held.bin"), BYTES, 1);
  const seeder = hub.upload("held.bin", "--up", "2M");
  const { infoHash } = await seeder.event("shared");
  await untilHeld(infoHash, () => PIECES);

  const killed = hub.download(infoHash, "got");
  await killed.verified(BYTES / 3);
  killed.kill("SIGKILL");
  await killed.end();
  await untilHeld(infoHash, () => PIECES);
  seeder.kill("SIGTERM");
  await seeder.end();
  await untilHeld(infoHash, () => 0);

  // What it has verified before is told, once its storage is open, and nothing else comes.
  const resumed = hub.download(infoHash, "got", "--timeout", "0");
  const { done } = await resumed.event("progress");
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(BYTES);
  await untilHeld(infoHash, () => done / (32 * 1024));
  resumed.kill("SIGTERM");
  await resumed.end();

  // The relay passes all of it on and can keep a third of it.
  const hidden = hub.upload("held.bin", "--no-listen");
  await hidden.event("shared");
  expect(await hub.download(infoHash, "carried", "--no-listen").end()).toEqual({ code: 0, signal: null });
  expect(await hub.relayed("evicted_pieces_total")).toBeGreaterThan(0);
  await untilHeld(infoHash, async () => PIECES + (await hub.relayed("cache_pieces")));
  hidden.kill("SIGTERM");
  await hidden.end();
});
