import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureProgram } from "../../support/programs.js";
import type { Benchmark, BenchContext, ResultTable } from "../benchmark.js";
import { event, run, ShoalHub } from "../contenders/shoal.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { MIB, formatSize } from "../sizes.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import { prepareShare, readOnce } from "../transfer/prepare-share.js";
import { takeTurns } from "../transfer/turns.js";
import type { BenchTab } from "./bench-tab.js";
import { MeasuredBrowser } from "./measured-browser.js";
import { pageOf, shareIn } from "./shoal-tabs.js";

/** From giving a file to the page to its link, against sha1sum, which hashes the same bytes. */
export const drop: Benchmark = {
  name: "drop",
  title: "From dropping a file on the page to its link",
  run: async (context) => {
    const { bytes, folder, runs, say } = context;
    const sha1sum = await ensureProgram("sha1sum", "coreutils");
    const share = await prepareShare(folder, "file.bin", bytes);
    const file = join(share.folder, share.name);
    const hub = await ShoalHub.start(join(folder, "hub"));
    try {
      const takers = [
        {
          name: "sha1sum",
          isOurs: false,
          run: () =>
            timed(
              () => readOnce(file),
              () => new MeasuredProcess(sha1sum, [file]).succeed(),
            ),
        },
        {
          name: "the page",
          isOurs: true,
          run: () =>
            inPage(hub, folder, (tab) =>
              timed(
                () => readOnce(file),
                () => shareIn(tab, share),
              ),
            ),
        },
      ];
      const rateOf = (seconds: number) => bytes / MIB / seconds;
      const taken = await takeTurns(takers, { runs, warmUps: warmUpsOf(context), rateOf, say });
      const rows = taken.map(({ results, problem }, at) => [
        takers[at]?.name ?? "",
        formatSpread(results, 2),
        formatSpread(results.map(rateOf)),
        problem === undefined ? `${results.length}` : `${results.length} **FAILED:** ${problem.slice(0, 200)}`,
      ]);
      const [theirs, ours] = taken.map(({ results }) => median(results));
      const notes = [
        `The page: ${formatRatio(theirs ?? NaN, ours ?? NaN)} sha1sum.`,
        "From handing the file to the page's input until it is shared and its link stands there, published at the hub; the file comes from memory.",
      ];
      return [{ title: `${formatSize(bytes)} in the page cache`, columns: ["", "s", "MiB/s", "runs"], rows, notes }];
    } finally {
      await hub.stop();
    }
  },
};

/** From opening a link in a new tab to what it leads to, and to the first verified piece. */
export const link: Benchmark = {
  name: "link",
  title: "From opening a link to the first verified piece",
  run: async (context) => {
    const { folder, runs, say } = context;
    // Its size has no part in this: enough that one piece is not all of it.
    const share = await prepareShare(folder, "share.bin", 64 * MIB);
    const hub = await ShoalHub.start(join(folder, "hub"));
    const seeder = run(["upload", join(share.folder, share.name), "--tracker", hub.tracker], join(folder, "seeder"));
    try {
      await event(seeder, "shared");
      const opening = () => inPage(hub, folder, (tab) => open(tab, `${pageOf(hub, "opener")}#/s/${share.infoHash}`));
      const taker = { name: "the page", isOurs: true, run: opening };
      const rules = { runs: runs * 3, warmUps: warmUpsOf(context), rateOf: ({ pieceMs }: Opening) => pieceMs, say };
      const [taken] = await takeTurns([taker], rules);
      return [linkTable(taken?.results ?? [], taken?.problem)];
    } finally {
      await seeder.stop();
      await hub.stop();
    }
  },
};

interface Opening {
  readonly offeredMs: number;
  readonly pieceMs: number;
}

async function open(tab: BenchTab, url: string): Promise<Opening> {
  const startMs = performance.now();
  await tab.go(url);
  await tab.shows('[data-testid="get-button"]');
  const offeredMs = performance.now() - startMs;
  await tab.click('[data-testid="get-button"]');
  await tab.shows(
    '[data-testid="get-progress"]:not([aria-valuenow="0"]), [data-testid="get-state"][data-state="done"]',
  );
  return { offeredMs, pieceMs: performance.now() - startMs };
}

function linkTable(results: readonly Opening[], problem: string | undefined): ResultTable {
  const of = (pick: (opening: Opening) => number) => formatSpread(results.map(pick));
  return {
    title: "Hub and Node seeder running on loopback, a browser that has not been there before",
    columns: ["", "ms"],
    rows: [
      ["to name, size and the button to get it", of(({ offeredMs }) => offeredMs)],
      [
        "to the first verified piece on the page, with the button clicked as soon as it is there",
        of(({ pieceMs }) => pieceMs),
      ],
    ],
    notes: [
      `${results.length} runs. The page tells its progress twice a second.`,
      ...(problem === undefined ? [] : [`**FAILED:** ${problem.slice(0, 200)}`]),
    ],
  };
}

/** In a tab of a browser that has just been started, at a page of the hub's origin. */
async function inPage<T>(hub: ShoalHub, folder: string, act: (tab: BenchTab) => Promise<T>): Promise<T> {
  const profile = join(folder, "profile");
  const browser = await MeasuredBrowser.open(profile);
  try {
    return await act(await browser.openTab(pageOf(hub, "sharer")));
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function timed(prepare: () => Promise<void>, act: () => Promise<void>): Promise<number> {
  await prepare();
  const startMs = performance.now();
  await act();
  return (performance.now() - startMs) / 1000;
}

function warmUpsOf({ isQuick }: BenchContext): number {
  return isQuick ? 0 : 1;
}
