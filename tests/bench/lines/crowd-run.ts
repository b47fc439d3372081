import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Share } from "../contenders/contender.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import { readOnce } from "../transfer/prepare-share.js";
import { compare } from "../transfer/transfer.js";
import type { Crowd, CrowdContender } from "./crowd-contender.js";
import { LineNetwork, type LineCounts, type LineLimits } from "./line-network.js";

/** One run: everything in seconds and shares of the file. */
export interface CrowdTime {
  /** From when all were told to begin to when the first, and the last of them had everything. */
  readonly firstSeconds: number;
  readonly seconds: number;
  /** What TCP carried for the source, to the peers. */
  readonly sourceShares: number;
  /** What TCP carried to each peer, on average. */
  readonly receivedShares: number;
  /** All processes together, from when they were told to begin. */
  readonly cpuSeconds: number;
}

export interface CrowdRules {
  readonly peers: number;
  readonly line: LineLimits;
  /** From one machine to another, one way. */
  readonly delayMs: number;
}

/** Who has not got everything by then, some twenty times the shortest time, never will. */
const LIMIT_MS = 300_000;

/** Lets a crowd of a contender get the share from one source, in a network that is made for it alone. */
export async function crowdRun(
  contender: CrowdContender,
  share: Share,
  rules: CrowdRules,
  folder: string,
): Promise<CrowdTime> {
  await mkdir(folder, { recursive: true });
  // The tracker's line comes last and is not limited.
  const lines = [...Array.from({ length: rules.peers + 1 }, () => rules.line), undefined];
  const network = await LineNetwork.open(lines, { delayMs: rules.delayMs, folder });
  const processes: MeasuredProcess[] = [];
  try {
    const [source, ...others] = network.machines;
    const tracker = others.pop();
    if (source === undefined || tracker === undefined) throw new Error("No machines");
    const crowd = { share, source, peers: others, tracker, folder };
    await readOnce(join(share.folder, share.name));
    return await measure(contender, crowd, network, processes);
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
    await network.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  contender: CrowdContender,
  crowd: Crowd,
  network: LineNetwork,
  processes: MeasuredProcess[],
): Promise<CrowdTime> {
  const { share, peers, folder } = crowd;
  processes.push(...(await contender.startSource(crowd)));
  const targets = peers.map((_, at) => join(folder, `target-${at}`));
  const begins: Awaited<ReturnType<CrowdContender["startPeer"]>>[] = [];
  for (const [at, machine] of peers.entries()) {
    const into = targets[at] ?? "";
    await mkdir(into, { recursive: true });
    begins.push(await contender.startPeer(crowd, machine, into));
  }
  const before = await network.counts();
  const startMs = performance.now();
  const begun = begins.map((begin) => begin());
  processes.push(...begun.map(({ process }) => process));
  const cpuBefore = processes.reduce((sum, process) => sum + process.cpuSeconds, 0);
  const seconds = await inTime(
    begun.map(async ({ complete }) => {
      await complete;
      return (performance.now() - startMs) / 1_000;
    }),
  );
  const after = await network.counts();
  const cpuSeconds = processes.reduce((sum, process) => sum + process.cpuSeconds, 0) - cpuBefore;
  for (const into of targets) await compare(share, into);
  const shares = after.map((counts, at) => sharesOf(counts, before[at], share.bytes));
  const received = shares.slice(1, 1 + peers.length).map(({ out }) => out);
  return {
    firstSeconds: Math.min(...seconds),
    seconds: Math.max(...seconds),
    sourceShares: shares[0]?.in ?? NaN,
    receivedShares: received.reduce((sum, value) => sum + value, 0) / received.length,
    cpuSeconds,
  };
}

async function inTime(completions: readonly Promise<number>[]): Promise<readonly number[]> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const error = new Error(`not everybody had the share within ${LIMIT_MS / 1_000} s`);
    timer = setTimeout(() => reject(error), LIMIT_MS);
  });
  try {
    return await Promise.race([Promise.all(completions), limit]);
  } finally {
    clearTimeout(timer);
  }
}

function sharesOf(after: LineCounts, before: LineCounts | undefined, bytes: number) {
  return {
    in: (after.payloadIn - (before?.payloadIn ?? 0)) / bytes,
    out: (after.payloadOut - (before?.payloadOut ?? 0)) / bytes,
  };
}
