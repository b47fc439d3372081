import { join } from "node:path";
import { lowerBoundSeconds } from "../../support/crowd-bound.js";
import type { BenchContext, Benchmark, ResultTable } from "../benchmark.js";
import type { Share } from "../contenders/contender.js";
import { MIB, formatSize } from "../sizes.js";
import { formatSpread } from "../statistics.js";
import { prepareShare } from "../transfer/prepare-share.js";
import { takeTurns, type Taken } from "../transfer/turns.js";
import { allCrowds } from "./all-crowds.js";
import { HEADER_PART } from "./line-network.js";
import { crowdRun, type CrowdRules, type CrowdTime } from "./crowd-run.js";

/** So that the shortest time is 13.4 s. */
const LENGTH = 32 * MIB;
const QUICK_LENGTH = 4 * MIB;

const RULES: CrowdRules = { peers: 8, line: { mbitPerSecond: 20, queueMs: 100 }, delayMs: 20 };
const QUICK_RULES: CrowdRules = { ...RULES, peers: 2 };

/** How near crowds of real processes come to the shortest time to everyone, on lines that are limited. */
export const shortestTimeReal: Benchmark = {
  name: "shortest-time-real",
  title: "The shortest time to everyone, on real lines",
  run: measure,
};

async function measure({ isQuick, runs, folder, say }: BenchContext): Promise<readonly ResultTable[]> {
  const rules = isQuick ? QUICK_RULES : RULES;
  const share = await prepareShare(folder, "file.bin", isQuick ? QUICK_LENGTH : LENGTH);
  const bound = boundOf(share, rules);
  const crowds = allCrowds().filter(({ isOurs }) => isOurs || !isQuick);
  const versions: string[] = [];
  for (const crowd of crowds) versions.push(await crowd.open());
  let number = 0;
  const takers = crowds.map((crowd) => ({
    name: crowd.name,
    isOurs: crowd.isOurs,
    run: async () => {
      const time = await crowdRun(crowd, share, rules, join(folder, `run-${number++}`));
      say(`${crowd.name}: ${cellsOf([time], bound).join(", ")}`);
      return time;
    },
  }));
  const taken = await takeTurns(takers, {
    runs,
    warmUps: 0,
    rateOf: ({ seconds }) => 1 / seconds,
    say: () => undefined,
  });
  const rows = taken.map((each, at) => [
    crowds[at]?.name ?? "",
    ...cellsOf(each.results, bound),
    `${each.results.length}`,
  ]);
  const notes = [...notesOf(rules, bound), `Versions: ${versions.join(", ")}.`, ...problemsOf(taken, crowds)];
  const columns = ["", "last has it, s", "ratio", "first has it, s", "source sent", "each received", "CPU s", "runs"];
  return [{ title: `${formatSize(share.bytes)} from one source to ${rules.peers} peers`, columns, rows, notes }];
}

function boundOf({ bytes }: Share, { peers, line }: CrowdRules): number {
  const rate = (line.mbitPerSecond * 1e6) / 8;
  const each = { up: rate, down: rate };
  return lowerBoundSeconds(bytes, { source: each, peers: Array.from({ length: peers }, () => each) });
}

function cellsOf(times: readonly CrowdTime[], bound: number): string[] {
  const column = (of: (time: CrowdTime) => number, digits: number) => formatSpread(times.map(of), digits);
  return [
    column(({ seconds }) => seconds, 1),
    column(({ seconds }) => seconds / bound, 2),
    column(({ firstSeconds }) => firstSeconds, 1),
    column(({ sourceShares }) => sourceShares, 2),
    column(({ receivedShares }) => receivedShares, 2),
    column(({ cpuSeconds }) => cpuSeconds, 1),
  ];
}

function problemsOf(taken: readonly Taken<CrowdTime>[], crowds: readonly { name: string }[]): string[] {
  return taken.flatMap(({ problem, discarded }, at) => [
    ...(problem === undefined ? [] : [`${crowds[at]?.name ?? ""} FAILED: ${problem}`]),
    ...(discarded === 0 ? [] : [`${crowds[at]?.name ?? ""}: ${discarded} runs thrown away and made again.`]),
  ]);
}

function notesOf({ peers, line, delayMs }: CrowdRules, bound: number): string[] {
  return [
    `Each process in a network namespace of its own, on a line of ${line.mbitPerSecond} Mbit/s in each direction (tc tbf, with a queue of ${line.queueMs} ms before each; headers count), ${delayMs} ms from one to another, one way, by a switch in user space.`,
    `Shortest: max(F/u_source, F/d, N·F/(u_source + N·u)) = ${bound.toFixed(1)} s (Kumar and Ross, 2006), to which the headers of TCP, IP and Ethernet alone add ${(HEADER_PART * 100).toFixed(1)} %.`,
    `The source runs and has hashed the file; ${peers} peers have started, and have the metainfo, and are told to begin at the same moment. They stay when they have it.`,
    "Ours find each other through their tracker, which is on a line without a limit; the others are told the address of everybody: aria2c by a tracker of the benchmark there, libtorrent and WebTorrent directly. aria2c is started to begin.",
    "Sent and received: what TCP carried, as the switch counted it, in shares, without headers, with protocol and repeats; received once is 1.",
  ];
}
