import type { Benchmark } from "../benchmark.js";
import { peers } from "../contenders/all.js";
import { formatSpread } from "../statistics.js";
import { contestNotes, contestOf } from "./contest.js";
import { exchange } from "./exchange.js";
import { prepareShare } from "./prepare-share.js";
import { atPlace } from "../process/used-memory.js";
import { GIB, MIB, formatSize } from "../sizes.js";

/** Both directions at once. */
export const bothDirections: Benchmark = {
  name: "exchange",
  title: "Both directions at once",
  run: async (context) => {
    const { bytes, folder } = context;
    const shares = [
      await prepareShare(folder, "left.bin", bytes),
      await prepareShare(folder, "right.bin", bytes),
    ] as const;
    const contenders = peers(folder).filter((each) => each.exchange && (each.isOurs || !context.isQuick));
    const rateOf = ({ seconds }: { seconds: number }) => (2 * bytes) / MIB / seconds;
    const contest = await atPlace(context, async (place) => {
      const run = (contender: (typeof contenders)[number]) => exchange(contender, shares, place);
      return await contestOf({ contenders, runs: context.runs, run, rateOf }, context);
    });
    const rows = contest.entries.map(({ name, results, problem }) => [
      name,
      formatSpread(results.map(rateOf)),
      formatSpread(
        results.map(({ cpuSeconds }) => (cpuSeconds * GIB) / (2 * bytes)),
        2,
      ),
      formatSpread(results.map(({ privateBytes }) => privateBytes / MIB)),
      problem === undefined ? `${results.length}` : `${results.length} **FAILED**`,
    ]);
    const notes = [
      "Two processes; each has one file, which it has checked, and gets the other's. From the order to both complete; the sum of both directions. Private memory: of the larger process.",
      "aria2c is not measured like this: it cannot be told when to begin.",
    ];
    const columns = ["", "MiB/s", "CPU s/GiB, both sides", "private MiB", "runs"];
    return [{ title: `${formatSize(bytes)} each way`, columns, rows, notes: [...contestNotes(contest), ...notes] }];
  },
};
