import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext, Benchmark, ResultTable } from "../benchmark.js";
import { event, run, ShoalHub } from "../contenders/shoal.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { formatSpread, median } from "../statistics.js";
import { prepareShare } from "../transfer/prepare-share.js";
import type { Share } from "../contenders/contender.js";

/** Short runs, so there can be more of them. */
const RUNS_PER_RUN = 3;

/** One round, in milliseconds from the start of each process. */
interface Round {
  readonly bare: number;
  readonly first: number;
}

/** How long somebody waits who types `shoal download NAME`. */
export const startup: Benchmark = {
  name: "startup",
  title: "From `shoal download NAME` to the first verified piece",
  run: async (context) => {
    const share = await prepareShare(context.folder, "share.bin", context.bytes);
    const hub = await ShoalHub.start(join(context.folder, "hub"));
    const seeder = run(
      ["upload", join(share.folder, share.name), "--tracker", hub.tracker],
      join(context.folder, "seeder"),
    );
    try {
      await event(seeder, "shared");
      const rounds: Round[] = [];
      if (!context.isQuick) await round(context, share, hub);
      for (let at = 0; at < context.runs * RUNS_PER_RUN; at++) rounds.push(await round(context, share, hub));
      return [table(rounds)];
    } finally {
      await seeder.stop();
      await hub.stop();
    }
  },
};

async function round(context: BenchContext, share: Share, hub: ShoalHub): Promise<Round> {
  const bare = new MeasuredProcess(process.execPath, ["-e", "0"]);
  await bare.succeed();
  const bareMs = performance.now() - bare.startedMs;
  const into = join(context.folder, "target");
  await mkdir(into);
  const download = run(
    ["download", share.name, "-o", into, "--tracker", hub.tracker],
    join(context.folder, "downloader"),
  );
  try {
    await event(download, "progress", ({ done }) => done > 0);
    const first = performance.now() - download.startedMs;
    context.say(`first piece after ${first.toFixed(0)} ms, bare Node ${bareMs.toFixed(0)} ms`);
    return { bare: bareMs, first };
  } finally {
    await download.stop();
    await rm(into, { recursive: true });
  }
}

function table(rounds: readonly Round[]): ResultTable {
  const row = (name: string, of: (round: Round) => number) => [name, formatSpread(rounds.map(of))];
  return {
    title: "Hub and seeder running on loopback",
    columns: ["", "ms"],
    rows: [
      row("`node -e 0`, start to end", ({ bare }) => bare),
      row("`shoal download NAME`, start to first verified piece", ({ first }) => first),
      ["of our own making (difference of the medians)", ownMs(rounds).toFixed(0)],
    ],
    notes: [`${rounds.length} runs of each, in turns. The piece is seen as the first \`progress\` event with bytes.`],
  };
}

function ownMs(rounds: readonly Round[]): number {
  return median(rounds.map(({ first }) => first)) - median(rounds.map(({ bare }) => bare));
}
