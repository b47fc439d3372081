import { open, readdir, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import type { TestHub } from "../support/hub.js";
import { type ProcessBed, type ShoalProcess } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const BYTES = 48 * MIB;

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

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

  // 5 would be a piece that failed its hash here: no byte that was read after the change has left the seeder.
  expect((await downloader.end()).code).toBe(4);
  const cut = downloader
    .all("peer")
    .filter(({ change, reason }) => change === "banned" || reason?.startsWith("piece "));
  expect(cut).toEqual([]);
  expect(await readdir(bed.path("got"))).not.toContain("draft.bin");

  // With the right bytes back somewhere, the download goes on from the verified ones to the very same content.
  await writeContent(bed.path("again", "draft.bin"), BYTES, 1);
  const again = hub.upload("again/draft.bin");
  await again.event("shared");
  expect(await hub.download(infoHash, "got").end()).toEqual({ code: 0, signal: null });
  expect(await hashFile(bed.path("got", "draft.bin"))).toBe(content);
});

test("files that are cut short, replaced or deleted leave the catalogue's seeds, with nobody reading them", async () => {
  const names = ["cut.bin", "replaced.bin", "deleted.bin", "left.bin"];
  for (const [index, name] of names.entries()) await writeContent(bed.path(name), MIB, 10 + index);
  const [first = "", ...others] = names;
  const seeder = hub.upload(first, ...others);
  const hashes = new Map<string, string>();
  for (const name of names) {
    const { infoHash } = await seeder.event("shared", (event) => event.name === name);
    hashes.set(name, infoHash);
    await hub.until(infoHash, ({ seeds }) => seeds === 1);
  }
  await truncate(bed.path("cut.bin"), 1_000);
  await writeFile(bed.path("new.bin"), "another one");
  await rename(bed.path("new.bin"), bed.path("replaced.bin"));
  await rm(bed.path("deleted.bin"));
  for (const name of names.slice(0, 3)) {
    const { message } = await seeder.event("warning", (event) => event.message.includes(`/${name}`));
    expect(message).toMatch(/share it anew$/);
    await hub.until(hashes.get(name) ?? "", ({ seeds, leeches }) => seeds === 0 && leeches === 0);
  }
  expect((await hub.listed(hashes.get("left.bin") ?? "")).seeds).toBe(1);
  seeder.kill("SIGTERM");
  expect((await seeder.end()).code).toBe(1);
});

test("rot that neither size nor time tells is found at the first complaint, and only that is offered no more", async () => {
  const hashedAt = new Date("2020-01-01T00:00:00Z");
  const content = await writeContent(bed.path("rot.bin"), 4 * MIB, 20);
  await utimes(bed.path("rot.bin"), hashedAt, hashedAt);
  const seeder = hub.upload("rot.bin");
  const { infoHash, pieceLength } = await seeder.event("shared");
  const rotten = [3, 40, 41, 42, 127];
  const file = await open(bed.path("rot.bin"), "r+");
  for (const piece of rotten) await file.write("rotten", piece * pieceLength + 7);
  await file.close();
  await utimes(bed.path("rot.bin"), hashedAt, hashedAt);

  const downloader = hub.download(infoHash, "got-rot", "--timeout", "8s");
  // All that is right comes from the seeder, which is not banned for the rest.
  await downloader.verified(4 * MIB - rotten.length * pieceLength);
  await untilDropped(seeder, rotten);
  expect((await downloader.end()).code).not.toBe(0);
  expect(downloader.all("peer").filter(({ change }) => change === "banned")).toEqual([]);
  expect(seeder.all("warning").filter(({ code }) => code === "rotten")).toHaveLength(1);

  // The tracker knows what the seeder has not got any more.
  await hub.until(infoHash, ({ seeds, leeches }) => seeds === 0 && leeches === 1);
  const info = bed.run(["info", infoHash, "--pieces", "--tracker", hub.tracker]);
  const { copies } = await info.event("share");
  expect(copies?.flatMap((count, piece) => (count === 0 ? [piece] : []))).toEqual(rotten);

  await writeContent(bed.path("good", "rot.bin"), 4 * MIB, 20);
  const healer = hub.upload("good/rot.bin");
  await healer.event("shared");
  expect(await hub.download(infoHash, "got-rot").end()).toEqual({ code: 0, signal: null });
  expect(await hashFile(bed.path("got-rot", "rot.bin"))).toBe(content);

  // Its own file is not written to, and what is right of it is still there to be had.
  healer.kill("SIGTERM");
  await healer.end();
  await hub.until(infoHash, ({ seeds, leeches }) => seeds === 0 && leeches === 1);
  await hub.download(infoHash, "got-rest", "--timeout", "5s").verified(4 * MIB - rotten.length * pieceLength);
  expect(seeder.all("stopped")).toEqual([]);
  seeder.kill("SIGTERM");
});

test("a finished download that is changed while it is seeded says so, offers the rest and is left as it is", async () => {
  const content = await writeContent(bed.path("whole.bin"), 4 * MIB, 21);
  const first = hub.upload("whole.bin");
  const { infoHash, pieceLength } = await first.event("shared");
  const seeder = hub.download(infoHash, "mine", "--keep-seeding");
  await seeder.event("complete");
  await hub.until(infoHash, ({ seeds }) => seeds === 2);
  first.kill("SIGTERM");
  await first.end();
  const changed = [3, 40, 41];
  const file = await open(bed.path("mine", "whole.bin"), "r+");
  for (const piece of changed) await file.write("changed", piece * pieceLength + 7);
  await file.close();
  const now = await hashFile(bed.path("mine", "whole.bin"));

  const downloader = hub.download(infoHash, "got-whole", "--timeout", "0");
  await downloader.verified(4 * MIB - changed.length * pieceLength);
  await untilDropped(seeder, changed);
  expect(seeder.all("warning").filter(({ code }) => code === "rotten")).toHaveLength(1);
  expect(downloader.all("peer").filter(({ reason }) => reason?.startsWith("piece "))).toEqual([]);
  await hub.until(infoHash, ({ seeds }) => seeds === 0);

  const again = hub.upload("whole.bin");
  await again.event("shared");
  expect(await downloader.end()).toEqual({ code: 0, signal: null });
  expect(await hashFile(bed.path("got-whole", "whole.bin"))).toBe(content);
  await hub.until(infoHash, ({ seeds, leeches }) => seeds === 1 && leeches === 1);
  expect(await hashFile(bed.path("mine", "whole.bin"))).toBe(now);
  for (const each of [seeder, again]) each.kill("SIGTERM");
});

/** Resolves when it has told of each of these pieces that it was dropped. */
async function untilDropped(seeder: ShoalProcess, pieces: readonly number[]): Promise<void> {
  for (const piece of pieces) await seeder.event("warning", ({ message }) => message.startsWith(`Piece ${piece} `));
}
