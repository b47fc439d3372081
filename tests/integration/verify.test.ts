import { readdir, rm, utimes } from "node:fs/promises";
import { expect, test } from "vitest";
import { rot } from "../../node-peer/src/storage/rot.js";
import { hashFile, writeContent } from "../support/file-content.js";
import type { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const PIECE = 32 * 1024;
const DONE = { code: 0, signal: null };

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

test("what has rotted under its final name or unfinished is counted, and nothing but that is fetched", async () => {
  const content = await writeContent(bed.path("film.bin"), 4 * MIB, 3);
  const seeder = hub.upload("film.bin");
  const { infoHash, pieceLength } = await seeder.event("shared");
  expect(pieceLength).toBe(PIECE);
  expect(await hub.download(infoHash, "got").end()).toEqual(DONE);
  const path = bed.path("got", "film.bin");

  const whole = hub.download(infoHash, "got", "--verify");
  expect(await whole.end()).toEqual(DONE);
  expect(await whole.event("checked")).toMatchObject({ path, pieces: 128, wrongPieces: 0, wrongBytes: 0 });

  await rot(path, 5 * PIECE, 5 * PIECE + 9, 77 * PIECE);
  const mending = hub.download(infoHash, "got", "--verify");
  expect(await mending.end()).toEqual(DONE);
  expect(await mending.event("checked")).toMatchObject({ wrongPieces: 2, wrongBytes: 2 * PIECE });
  expect(await hashFile(path)).toBe(content);
  expect(await readdir(bed.path("got"))).toEqual(["film.bin"]);

  seeder.kill("SIGTERM");
  // The first time all of it, then what had rotted.
  expect((await seeder.event("stopped")).uploaded).toBe(4 * MIB + 2 * PIECE);

  // Nobody has what is wrong: all that is right is kept, and the same command goes on from there.
  await rot(path, 0);
  expect((await hub.download(infoHash, "got", "--verify", "--timeout", "1s").end()).code).toBe(4);
  expect(await readdir(bed.path("got"))).toContain("film.bin.part");
  await rot(bed.path("got", "film.bin.part"), 3 * MIB);
  const again = hub.upload("film.bin", "--verify");
  await again.event("shared");
  expect(again.all("warning")).toEqual([]);
  const going = hub.download(infoHash, "got", "--verify");
  expect(await going.end()).toEqual(DONE);
  expect(await going.event("checked")).toMatchObject({ pieces: 127, wrongPieces: 1, wrongBytes: PIECE });
  expect(await hashFile(path)).toBe(content);
  again.kill("SIGTERM");
  await again.end();
});

test("upload --verify tells what is not as it was when it was shared before", async () => {
  await writeContent(bed.path("disk.bin"), MIB, 4);
  // What was just written is not remembered: its time says too little.
  await utimes(bed.path("disk.bin"), 1_000_000_000, 1_000_000_000);
  const first = hub.upload("disk.bin");
  const { infoHash } = await first.event("shared");
  first.kill("SIGTERM");
  await first.end();
  // Without a look at the bytes it passes for the same.
  await rot(bed.path("disk.bin"), 3 * PIECE);
  const trusting = hub.upload("disk.bin");
  const shared = await trusting.event("shared");
  trusting.kill("SIGTERM");
  await trusting.end();

  expect(shared.infoHash).toBe(infoHash);

  const checking = hub.upload("disk.bin", "--verify");
  expect((await checking.event("warning")).message).toContain("disk.bin: 1 of 32 pieces");
  expect((await checking.event("shared")).infoHash).not.toBe(infoHash);
  checking.kill("SIGTERM");
  await checking.end();
  await rm(bed.path("disk.bin"));
});
