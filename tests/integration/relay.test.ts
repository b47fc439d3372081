import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { useHub } from "../support/use-hub.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };

let bed: ProcessBed;
let hub: TestHub;

useHub((started) => ({ bed, hub } = started));

describe("a hub's relay", () => {
  test("carries a share between two peers of which neither can be dialled, each piece of it once", async () => {
    const size = 8 * MIB;
    const content = await writeContent(bed.path("carried.bin"), size, 1);
    const seeder = hub.upload("carried.bin", "--no-listen");
    const { infoHash } = await seeder.event("shared");
    const [first, second] = [
      hub.download("carried.bin", "first", "--no-listen"),
      hub.download("carried.bin", "second", "--no-listen"),
    ];
    expect(await Promise.all([first.end(), second.end()])).toEqual([DONE, DONE]);
    expect(await hashFile(bed.path("first", "carried.bin"))).toBe(content);
    expect(await hashFile(bed.path("second", "carried.bin"))).toBe(content);
    expect(await hub.relayed("shares")).toBe(1);
    // What the relay stored came from the seeder, once.
    expect(await hub.relayed("stored_bytes_total")).toBe(size);
    expect(await readdir(bed.path("hub", "hub", "cache"))).toContain(infoHash);
    seeder.kill("SIGINT");
    expect(await seeder.end()).toEqual({ code: 130, signal: null });
    expect((await seeder.event("stopped")).uploaded).toBe(size);
  });

  test("serves from its cache after a restart, with nobody else there", async () => {
    hub.process.kill("SIGINT");
    await hub.process.end();
    await hub.restart();
    const third = hub.download("carried.bin", "third", "--no-listen");
    expect(await third.end()).toEqual(DONE);
    expect(await hashFile(bed.path("third", "carried.bin"))).toBe(await hashFile(bed.path("carried.bin")));
    expect(await hub.relayed("stored_bytes_total")).toBe(0);
  });

  test("keeps a copy for an upload that ends by itself then, and gives it with nobody else there", async () => {
    const keeping = await TestHub.start(bed, ["--keep", "1G", "--keep-time", "2h"], "keeping");
    const content = await writeContent(bed.path("kept.bin"), 5 * MIB + 3, 3);
    const upload = keeping.upload("kept.bin", "--until-kept");
    const { infoHash } = await upload.event("shared");
    expect(await upload.end()).toEqual(DONE);
    const { until } = await upload.event("kept");
    expect(Date.parse(until) - Date.now()).toBeGreaterThan(90 * 60_000);
    expect((await upload.event("stopped")).uploaded).toBe(5 * MIB + 3);
    const download = keeping.download(infoHash, "fifth", "--no-listen");
    expect(await download.end()).toEqual(DONE);
    expect(await hashFile(bed.path("fifth", "kept.bin"))).toBe(content);
  });

  test("does not carry what is published nowhere", async () => {
    await writeContent(bed.path("private.bin"), MIB, 2);
    const seeder = hub.upload("private.bin", "--no-listen");
    const { infoHash } = await seeder.event("shared");
    const unknown = infoHash.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const seeking = hub.download(unknown, "fourth", "--no-listen", "--timeout", "5s");
    expect((await seeking.end()).code).toBe(4);
    expect(await readdir(bed.path("hub", "hub", "cache"))).not.toContain(unknown);
    seeder.kill("SIGINT");
    await seeder.end();
  });
});
