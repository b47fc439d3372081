import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Benchmark, BenchContext, ResultTable } from "../benchmark.js";
import type { Share } from "../contenders/contender.js";
import { ShoalHub } from "../contenders/shoal.js";
import { atPlace, type Place } from "../process/used-memory.js";
import { GIB, MIB, formatSize } from "../sizes.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import { prepareShare } from "../transfer/prepare-share.js";
import { takeTurns, type Taken } from "../transfer/turns.js";
import type { BenchTab } from "./bench-tab.js";
import { BrowserWatch, type BrowserCost } from "./browser-watch.js";
import { MeasuredBrowser } from "./measured-browser.js";
import { partDigestsOf } from "./part-digests.js";
import { digestsIn, getIn, lookIn, pageOf, shareIn } from "./shoal-tabs.js";

/** What it cost to get a share into some tabs at once. */
interface Sharing {
  /** Until the last of them has all of it. */
  readonly seconds: number;
  readonly sharer: BrowserCost;
  readonly getters: BrowserCost;
  /** What the relay took from the sharer. */
  readonly fetchedBytes: number;
}

/** One tab to one, and to four at once: what it costs the sharer must not depend on how many get it. */
export const oneToFour: Benchmark = {
  name: "one-to-four",
  title: "One tab to four tabs through a relay",
  run: async (context) => {
    const { bytes, folder, runs, say } = context;
    const share = await prepareShare(folder, "share.bin", bytes);
    const digests = await partDigestsOf(join(share.folder, share.name));
    const takers = (place: Place) =>
      [1, 4].map((many) => ({ name: `${many}`, isOurs: true, run: () => shareWith(many, { share, digests, place }) }));
    const taken = await atPlace(context, async (place) =>
      takeTurns(takers(place), {
        runs,
        warmUps: warmUpsOf(context),
        rateOf: ({ seconds }) => bytes / MIB / seconds,
        say,
      }),
    );
    return [table(bytes, taken)];
  },
};

function warmUpsOf({ isQuick, runs }: BenchContext): number {
  return isQuick || runs === 1 ? 0 : 1;
}

interface Setting {
  readonly share: Share;
  readonly digests: readonly string[];
  readonly place: Place;
}

/** The sharer in a browser of its own, so that it can be measured by itself. */
async function shareWith(many: number, { share, digests, place }: Setting): Promise<Sharing> {
  const folder = join(place.folder, "one-to-four");
  await mkdir(folder, { recursive: true });
  const hub = await ShoalHub.start(join(folder, "hub"));
  const opened: MeasuredBrowser[] = [];
  try {
    for (const name of ["sharer", "getters"]) opened.push(await MeasuredBrowser.open(join(folder, name)));
    const [sharer, getters] = opened;
    if (sharer === undefined || getters === undefined) throw new Error("No browser was opened");
    const sharing = await sharer.openTab(pageOf(hub, "sharer"));
    const getting: BenchTab[] = [];
    for (let nth = 0; nth < many; nth++) getting.push(await getters.openTab(pageOf(hub, `getter-${nth}`)));
    const watches = [await BrowserWatch.ofIdle([sharer]), await BrowserWatch.ofIdle([getters])] as const;
    await shareIn(sharing, share);
    for (const tab of getting) await lookIn(tab, share);
    await place.useMemory();
    for (const watch of watches) watch.begin();
    const startMs = performance.now();
    await Promise.all(getting.map((tab) => getIn(tab)));
    const seconds = (performance.now() - startMs) / 1000;
    const [sharerCost, gettersCost] = [watches[0].end(), watches[1].end()];
    for (const tab of getting) {
      if ((await digestsIn(tab, share)).join() !== digests.join()) throw new Error("A tab has something else");
    }
    return { seconds, sharer: sharerCost, getters: gettersCost, fetchedBytes: await storedBytes(hub) };
  } finally {
    for (const browser of opened) await browser.close();
    await hub.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the hub's relay has put into its cache since it started. */
async function storedBytes(hub: ShoalHub): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${hub.port}/metrics`)).text();
  return Number(/^shoal_relay_stored_bytes_total (\S+)$/m.exec(text)?.[1]);
}

function table(bytes: number, taken: readonly Taken<Sharing>[]): ResultTable {
  const rows = taken.map(({ results, problem }, at) => {
    const of = (pick: (sharing: Sharing) => number, digits = 0) => formatSpread(results.map(pick), digits);
    const many = at === 0 ? 1 : 4;
    return [
      many === 1 ? "one tab gets it" : "four tabs get it",
      of(({ seconds }) => (many * bytes) / MIB / seconds),
      of(({ sharer }) => (sharer.cpuSeconds * GIB) / bytes, 2),
      of(({ sharer }) => sharer.aboveIdleBytes / MIB),
      of(({ getters }) => (getters.cpuSeconds * GIB) / bytes / many, 2),
      of(({ getters }) => getters.aboveIdleBytes / MIB / many),
      of(({ fetchedBytes }) => fetchedBytes / bytes, 2),
      problem === undefined ? `${results.length}` : `${results.length} **FAILED:** ${problem.slice(0, 200)}`,
    ];
  });
  const columns = [
    "",
    "MiB/s, all tabs together",
    "CPU s/GiB sharer",
    "sharer's MiB above idle",
    "CPU s/GiB each getter",
    "each getter's MiB above idle",
    "sent by the sharer, × the file",
    "runs",
  ];
  const costs = taken.map(({ results }) => median(results.map(({ sharer }) => sharer.cpuSeconds)));
  const notes = [
    `The sharer's CPU time with four: ${formatRatio(costs[1] ?? NaN, costs[0] ?? NaN)} that with one.`,
    "The sharer has a browser of its own, those who get it another; CPU and memory are those of all their processes.",
    "From the order to get it, given to all at once, until the last one has everything verified and stored.",
  ];
  return { title: formatSize(bytes), columns, rows, notes };
}
