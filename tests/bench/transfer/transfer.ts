import { spawnSync } from "node:child_process";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Contender, Seeder, Share } from "../contenders/contender.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import type { PrivateMemory } from "../process/proc-fs.js";
import { ResourceWatch } from "../process/resource-watch.js";
import type { Place } from "../process/used-memory.js";
import { readOnce } from "./prepare-share.js";

/** What one side of a transfer cost. */
export interface Cost extends PrivateMemory {
  readonly cpuSeconds: number;
}

/** One run. */
export interface Transfer {
  /** From the start of the downloading process to everything verified and in its file. */
  readonly seconds: number;
  /** From its first connection to then. */
  readonly connectedSeconds: number;
  /** From the start until it would outlive a power failure, too. */
  readonly durableSeconds: number;
  /** All seeders together, while the downloading process ran. */
  readonly seeding: Cost;
  /** The downloading process, from its start to its end. */
  readonly getting: Cost;
}

/** Carries the share once, from `seeders` processes to another one. */
export async function transfer(contender: Contender, share: Share, seeders: number, place: Place): Promise<Transfer> {
  const into = join(place.folder, "target");
  await mkdir(into, { recursive: true });
  const seeding: Seeder[] = [];
  try {
    for (let index = 0; index < seeders; index++) seeding.push(await contender.seed(share, index));
    await place.useMemory();
    await readOnce(join(share.folder, share.name));
    const result = await measure(contender, share, seeding, into);
    await compare(share, into);
    return result;
  } finally {
    for (const { process } of seeding) await process.stop();
    await rm(into, { recursive: true, force: true });
  }
}

async function measure(
  contender: Contender,
  share: Share,
  seeders: readonly Seeder[],
  into: string,
): Promise<Transfer> {
  const before = cpuOf(seeders);
  const download = contender.download(share, seeders, into);
  const { process } = download;
  const groups = [seeders.map((seeder) => seeder.process.pid), [process.pid]];
  const watch = new ResourceWatch(groups, new Set(seeders.map(({ port }) => port)));
  try {
    await download.complete;
    const endMs = performance.now();
    await syncFile(join(into, share.name));
    const durableMs = performance.now();
    const code = await process.ended;
    if (code !== 0) throw new Error(`${contender.name} had everything, and failed with ${code} then`);
    const [seedMemory, getMemory] = watch.stop();
    if (!seedMemory || !getMemory) throw new Error("No memory was measured");
    return {
      seconds: (endMs - process.startedMs) / 1000,
      durableSeconds: (durableMs - process.startedMs) / 1000,
      connectedSeconds: (endMs - (watch.connectedMs ?? process.startedMs)) / 1000,
      seeding: { cpuSeconds: cpuOf(seeders) - before, ...seedMemory },
      getting: { cpuSeconds: process.cpuSeconds, ...getMemory },
    };
  } finally {
    watch.stop();
    await process.stop();
  }
}

/** Waits until the bytes of a file are on the disk, whoever has brought them there. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.datasync();
  await file.close();
}

function cpuOf(peers: readonly { process: MeasuredProcess }[]): number {
  return peers.reduce((sum, { process }) => sum + process.cpuSeconds, 0);
}

/** Throws Error unless what stands in the folder is the share, byte for byte. */
export async function compare(share: Share, into: string): Promise<void> {
  const got = join(into, share.name);
  const { size } = await stat(got);
  const { status } = spawnSync("cmp", ["-s", join(share.folder, share.name), got]);
  if (size !== share.bytes || status !== 0) throw new Error(`${got} is not what was shared`);
}
