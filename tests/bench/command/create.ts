import { join } from "node:path";
import { ensureProgram } from "../../support/programs.js";
import type { Benchmark, ResultTable } from "../benchmark.js";
import { run } from "../contenders/shoal.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { ResourceWatch } from "../process/resource-watch.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import { prepareShare, readOnce } from "../transfer/prepare-share.js";
import { takeTurns, type Taken } from "../transfer/turns.js";
import { GIB, MIB, formatSize } from "../sizes.js";

/** What hashing a whole file once cost. */
interface Hashing {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly privateBytes: number;
}

/** Making a `.torrent` file against sha1sum, of a file four times as large as elsewhere. */
export const create: Benchmark = {
  name: "create",
  title: "Making a .torrent file",
  run: async (context) => {
    const bytes = context.isQuick ? context.bytes : 4 * context.bytes;
    const sha1sum = await ensureProgram("sha1sum", "coreutils");
    const share = await prepareShare(context.folder, "file.bin", bytes);
    const file = join(share.folder, share.name);
    const creating = ["create", file, "-o", join(context.folder, "out.torrent"), "--overwrite"];
    const commands = [
      { name: "sha1sum", isOurs: false, start: () => new MeasuredProcess(sha1sum, [file]) },
      { name: "shoal create", isOurs: true, start: () => run(creating, join(context.folder, "data")) },
    ];
    const takers = commands.map(({ start, ...who }) => ({ ...who, run: () => hash(file, start) }));
    const taken = await takeTurns(takers, {
      runs: context.runs,
      warmUps: context.isQuick ? 0 : 1,
      rateOf: ({ seconds }) => bytes / MIB / seconds,
      say: context.say,
    });
    return [table(bytes, takers, taken)];
  },
};

async function hash(file: string, start: () => MeasuredProcess): Promise<Hashing> {
  await readOnce(file);
  const process = start();
  const watch = new ResourceWatch([[process.pid]], new Set());
  try {
    await process.succeed();
    const seconds = (performance.now() - process.startedMs) / 1000;
    return { seconds, cpuSeconds: process.cpuSeconds, privateBytes: watch.stop()[0]?.privateBytes ?? 0 };
  } finally {
    watch.stop();
  }
}

function table(
  bytes: number,
  takers: readonly { readonly name: string }[],
  taken: readonly Taken<Hashing>[],
): ResultTable {
  const rates = taken.map(({ results }) => results.map(({ seconds }) => bytes / MIB / seconds));
  const rows = taken.map(({ results, problem }, at) => [
    takers[at]?.name ?? "",
    formatSpread(rates[at] ?? []),
    formatSpread(
      results.map(({ cpuSeconds }) => (cpuSeconds * GIB) / bytes),
      2,
    ),
    formatSpread(results.map(({ privateBytes }) => privateBytes / MIB)),
    problem === undefined ? `${results.length}` : `${results.length} **FAILED:** ${problem.slice(0, 200)}`,
  ]);
  const discarded = taken.reduce((sum, each) => sum + each.discarded, 0);
  return {
    title: `${formatSize(bytes)} in the page cache`,
    columns: ["", "MiB/s", "CPU s/GiB", "private MiB", "runs"],
    rows,
    notes: [
      `shoal create: ${formatRatio(median(rates[1] ?? []), median(rates[0] ?? []))} sha1sum.`,
      "From the start of the process to its end.",
      `Runs thrown away and made again: ${discarded === 0 ? "none" : discarded}.`,
    ],
  };
}
