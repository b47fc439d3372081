import { afterAll, beforeAll, expect, test } from "vitest";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed, type ShoalProcess } from "../support/processes.js";
import { canMountDisks, SmallDisk } from "../support/small-disk.js";

const MIB = 1024 * 1024;

let bed: ProcessBed;
let hub: TestHub;
let disk: SmallDisk | undefined;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
});

afterAll(async () => {
  await bed.close();
  disk?.close();
});

function download(what: string, onto: SmallDisk): ShoalProcess {
  return bed.run(["download", what, "-o", onto.path, "--tracker", hub.tracker], { under: onto.prefix });
}

test.skipIf(!canMountDisks)(
  "a full disk ends a download with 6, and it goes on when there is room (needs mount namespaces)",
  async () => {
    disk = await SmallDisk.mount(bed.path("disk"), 24);
    await writeContent(bed.path("large.bin"), 32 * MIB, 1);
    const content = await writeContent(bed.path("fitting.bin"), 16 * MIB, 2);
    const seeder = bed.run(["upload", "large.bin", "fitting.bin", "--tracker", hub.tracker, "--up", "4M"]);
    await seeder.event("shared", ({ name }) => name === "fitting.bin");

    const tooLarge = download("large.bin", disk);
    expect(await tooLarge.event("error")).toMatchObject({ code: "disk-full" });
    expect(await tooLarge.end()).toEqual({ code: 6, signal: null });
    expect(disk.sh('ls -A "$1"')).toBe("");

    const filled = download("fitting.bin", disk);
    await filled.verified(5 * MIB);
    disk.sh('cat /dev/zero >"$1/filler"; true');
    const error = await filled.event("error");
    expect(error.code).toBe("disk-full");
    expect(error.message).toMatch(/fitting\.bin.*full/);
    expect(await filled.end()).toEqual({ code: 6, signal: null });
    expect(disk.sh('ls "$1"').split("\n")).toEqual(["filler", "fitting.bin.part"]);

    disk.sh('mount -o remount,size=64m "$1"');
    const resumed = download("fitting.bin", disk);
    expect((await resumed.event("progress")).done).toBeGreaterThanOrEqual(4 * MIB);
    expect(await resumed.end()).toEqual({ code: 0, signal: null });
    expect(disk.sh('sha1sum <"$1/fitting.bin"').slice(0, 40)).toBe(content);
  },
);
