import type { ResultTable } from "../benchmark.js";
import { TUNED, WEBTORRENT } from "../contenders/all.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import { contestNotes, type Contest, type Entry } from "./contest.js";
import type { Cost, Transfer } from "./transfer.js";
import { GIB, MIB } from "../sizes.js";

/** Transfers of a share of `bytes` bytes: rates, CPU and memory of both sides. */
export function transferTable(title: string, bytes: number, contest: Contest<Transfer>): ResultTable {
  const rows = contest.entries.map((entry) => {
    const of = (pick: (transfer: Transfer) => number, digits = 0) => formatSpread(entry.results.map(pick), digits);
    const cpu = (pick: (transfer: Transfer) => Cost) => of((each) => (pick(each).cpuSeconds * GIB) / bytes, 2);
    return [
      entry.name,
      of((each) => rateOf(bytes, each.seconds)),
      of((each) => rateOf(bytes, each.connectedSeconds)),
      of((each) => rateOf(bytes, each.durableSeconds)),
      cpu(({ seeding }) => seeding),
      cpu(({ getting }) => getting),
      memory(entry.results.map(({ seeding }) => seeding)),
      memory(entry.results.map(({ getting }) => getting)),
      entry.problem === undefined ? `${entry.results.length}` : `${entry.results.length} **FAILED**`,
    ];
  });
  return {
    title,
    columns: [
      "",
      "MiB/s",
      "MiB/s once connected",
      "MiB/s on the disk",
      "CPU s/GiB seeding",
      "CPU s/GiB getting",
      "private MiB seeding",
      "private MiB getting",
      "runs",
    ],
    rows,
    notes: [...ratioNotes(bytes, contest.entries), ...contestNotes(contest)],
  };
}

/** MiB/s. */
export function rateOf(bytes: number, seconds: number): number {
  return bytes / MIB / seconds;
}

/** The peak, and how much of it is not mapped from files where that is less. */
function memory(costs: readonly Cost[]): string {
  const whole = formatSpread(costs.map(({ privateBytes }) => privateBytes / MIB));
  const mapped = median(costs.map(({ privateBytes, anonymousBytes }) => privateBytes - anonymousBytes)) / MIB;
  return mapped > 16 ? `${whole}, ${mapped.toFixed(0)} of it mapped files` : whole;
}

/** Ours against those that we want to be faster than. */
function ratioNotes(bytes: number, entries: readonly Entry<Transfer>[]): readonly string[] {
  const rate = ({ results }: Entry<Transfer>) => median(results.map(({ seconds }) => rateOf(bytes, seconds)));
  const rivals = entries.filter(({ name, results }) => [TUNED, WEBTORRENT].includes(name) && results.length > 0);
  return entries
    .filter(({ isOurs, results }) => isOurs && results.length > 0 && rivals.length > 0)
    .map((own) => {
      const ratios = rivals.map((rival) => `${formatRatio(rate(own), rate(rival))} ${rival.name}`);
      return `${own.name}: ${ratios.join(", ")}.`;
    });
}
