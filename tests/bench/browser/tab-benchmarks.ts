import type { Benchmark, BenchContext, ResultTable } from "../benchmark.js";
import { atPlace } from "../process/used-memory.js";
import { GIB, MIB, formatSize } from "../sizes.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import { contestNotes, contestOf, type Contest } from "../transfer/contest.js";
import { prepareShare } from "../transfer/prepare-share.js";
import { FetchTab } from "./fetch-tab.js";
import { partDigestsOf } from "./part-digests.js";
import { ShoalTabs } from "./shoal-tabs.js";
import type { TabContender } from "./tab-contender.js";
import { runInTabs, type TabRun, type TabShare } from "./tab-run.js";
import { WebTorrentTabs } from "./webtorrent-tabs.js";
import { join } from "node:path";

const RULES = [
  "MiB/s: from the order to get it to everything verified and, but for plain fetch, in the tab's storage. Sharers have hashed the file before.",
  "CPU and private memory are those of all the browser's processes, in one browser with a profile on the disk; memory: the peak above what the same tabs had when they were open and idle. Others: nginx; the hub with its relay, and the Node seeder.",
  "WebTorrent carries a quarter of the file, which takes long enough.",
  "Tabs that give to each other have two origins: of one, they would share their storage.",
];

/** A Node peer to a tab, which dials it. */
export const nodeToTab: Benchmark = {
  name: "node-to-tab",
  title: "Node seeder to a browser's tab",
  run: (context) =>
    carry(context, [new FetchTab(true), new ShoalTabs("node"), new WebTorrentTabs("WebTorrent, tab to tab")]),
};

/** One tab to another, through the relay of the hub. */
export const tabToTab: Benchmark = {
  name: "tab-to-tab",
  title: "Tab to tab through a relay",
  run: (context) => carry(context, [new FetchTab(false), new ShoalTabs("tab"), new WebTorrentTabs("WebTorrent")]),
};

async function carry(context: BenchContext, all: readonly TabContender[]): Promise<readonly ResultTable[]> {
  const contenders = context.isQuick ? all.filter((each) => !(each instanceof WebTorrentTabs)) : all;
  const { bytes, runs } = context;
  const shares = new Map<number, TabShare>();
  for (const part of new Set(contenders.map((each) => each.part))) {
    shares.set(part, await prepare(context, bytes * part));
  }
  const contest = await atPlace(context, async (place) => {
    const run = async (contender: TabContender) => {
      const share = shares.get(contender.part);
      if (share === undefined) throw new Error("There is no share of that size");
      return await runInTabs(contender, share, place);
    };
    return await contestOf({ contenders, runs, run, rateOf }, context);
  });
  return [table(bytes, contest)];
}

async function prepare({ folder, say }: BenchContext, bytes: number): Promise<TabShare> {
  say(`writes a file of ${formatSize(bytes)}`);
  const share = await prepareShare(folder, `share-${bytes / MIB}.bin`, bytes);
  return { share, digests: await partDigestsOf(join(share.folder, share.name)) };
}

function rateOf({ bytes, seconds }: TabRun): number {
  return bytes / MIB / seconds;
}

function table(bytes: number, contest: Contest<TabRun>): ResultTable {
  const rows = contest.entries.map(({ name, results, problem }) => {
    const of = (pick: (run: TabRun) => number, digits = 0) => formatSpread(results.map(pick), digits);
    const perGib = (pick: (run: TabRun) => number) => of((run) => (pick(run) * GIB) / run.bytes, 2);
    return [
      name,
      of(rateOf),
      perGib(({ browserCpuSeconds }) => browserCpuSeconds),
      perGib(({ otherCpuSeconds }) => otherCpuSeconds),
      of(({ aboveIdleBytes }) => aboveIdleBytes / MIB),
      problem === undefined ? `${results.length}` : `${results.length} **FAILED**`,
    ];
  });
  const columns = ["", "MiB/s", "CPU s/GiB browser", "CPU s/GiB others", "browser MiB above idle", "runs"];
  return { title: formatSize(bytes), columns, rows, notes: [...ratios(contest), ...contestNotes(contest), ...RULES] };
}

function ratios({ entries }: Contest<TabRun>): readonly string[] {
  const own = entries.find(({ isOurs }) => isOurs);
  if (own === undefined || own.results.length === 0) return [];
  const rate = ({ results }: { readonly results: readonly TabRun[] }) => median(results.map(rateOf));
  const rivals = entries.filter(({ isOurs, results }) => !isOurs && results.length > 0);
  const each = rivals.map((rival) => `${formatRatio(rate(own), rate(rival))} ${rival.name}`);
  return each.length === 0 ? [] : [`${own.name}: ${each.join(", ")}.`];
}
