import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Contender, Exchanger, Share } from "../contenders/contender.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import { ResourceWatch } from "../process/resource-watch.js";
import type { Place } from "../process/used-memory.js";
import { readOnce } from "./prepare-share.js";
import { compare } from "./transfer.js";

/** Two peers that each had what the other wanted. */
export interface Exchanged {
  /** From the order to get it to the later one's completion. */
  readonly seconds: number;
  /** Of both together, meanwhile. */
  readonly cpuSeconds: number;
  /** The larger one's peak. */
  readonly privateBytes: number;
}

/** Exchanges two shares between two processes of a contender, at a place. */
export async function exchange(
  contender: Contender,
  shares: readonly [Share, Share],
  { folder, useMemory }: Place,
): Promise<Exchanged> {
  const [left, right] = shares;
  const into = [join(folder, "left"), join(folder, "right")] as const;
  for (const each of into) await mkdir(each, { recursive: true });
  const peers: Exchanger[] = [];
  try {
    if (!contender.exchange) throw new Error(`${contender.name} does not exchange`);
    const one = await contender.exchange(left, right, into[0]);
    peers.push(one);
    const other = await contender.exchange(right, left, into[1]);
    peers.push(other);
    await useMemory();
    for (const share of shares) await readOnce(join(share.folder, share.name));
    const result = await measure(one, other);
    await compare(right, into[0]);
    await compare(left, into[1]);
    return result;
  } finally {
    for (const { process } of peers) await process.stop();
    for (const each of into) await rm(each, { recursive: true, force: true });
  }
}

async function measure(one: Exchanger, other: Exchanger): Promise<Exchanged> {
  const processes = [one.process, other.process];
  const watch = new ResourceWatch(
    processes.map(({ pid }) => [pid]),
    new Set(),
  );
  try {
    const before = cpuOf(processes);
    const startMs = performance.now();
    await Promise.all([one.get(other), other.get(one)]);
    const seconds = (performance.now() - startMs) / 1000;
    const peaks = watch.stop().map(({ privateBytes }) => privateBytes);
    return { seconds, cpuSeconds: cpuOf(processes) - before, privateBytes: Math.max(...peaks) };
  } finally {
    watch.stop();
  }
}

function cpuOf(processes: readonly MeasuredProcess[]): number {
  return processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
