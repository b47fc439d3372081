import { seededRandom } from "@shoal/peer-core/testing";
import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import type { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const BYTES = 96 * MIB;
const KILLS = 6;
/** Slow enough that every kill falls into the middle of things. */
const RATE = "9M";
/** Progress is told twice a second: a kill at a random moment between falls at any stage of a piece's way to disk. */
const PROGRESS_MS = 500;

/** Pieces that may be written but not recorded yet: what was in flight while one record was made. */
const UNRECORDED_PIECES = 16;
/**
 * Sent and not verified at the moment of a kill: the seeder's send buffer (1 MiB), the kernel's buffers on both sides
 * and unfinished pieces. 0.2 to 3.5 MiB were seen at this pace, 10.5 MiB at full speed, where the window is 16 MiB.
 */
const IN_FLIGHT_BYTES = 8 * MIB;

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

test("a downloader that is killed again and again keeps what was verified and fetches again what was in flight", async () => {
  const content = await writeContent(bed.path("large.bin"), BYTES, 1);
  const seeder = hub.upload("large.bin", "--up", RATE);
  const { pieceLength } = await seeder.event("shared");
  const random = seededRandom(1);
  let verified = 0;
  for (let round = 1; round <= KILLS; round++) {
    const downloader = hub.download("large.bin", "got");
    const { done: kept } = await downloader.event("progress");
    expect(kept).toBeGreaterThanOrEqual(verified - UNRECORDED_PIECES * pieceLength);
    await downloader.verified((BYTES * round) / (KILLS + 3));
    await new Promise((resolve) => setTimeout(resolve, random.float() * PROGRESS_MS));
    downloader.kill("SIGKILL");
    await downloader.end();
    verified = downloader.all("progress").at(-1)?.done ?? 0;
    expect(verified).toBeGreaterThan(0);
    expect(verified).toBeLessThan(BYTES);
  }
  const last = hub.download("large.bin", "got");
  expect(await last.end()).toEqual({ code: 0, signal: null });
  expect(await hashFile(bed.path("got", "large.bin"))).toBe(content);
  seeder.kill("SIGINT");
  const { uploaded } = await seeder.event("stopped");
  expect(uploaded).toBeGreaterThanOrEqual(BYTES);
  expect(uploaded - BYTES).toBeLessThanOrEqual(KILLS * IN_FLIGHT_BYTES);
});
