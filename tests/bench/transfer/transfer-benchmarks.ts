import type { BenchContext, Benchmark, ResultTable } from "../benchmark.js";
import { allContenders, fewContenders, peers } from "../contenders/all.js";
import type { Contender } from "../contenders/contender.js";
import { contestOf, type Contest } from "./contest.js";
import { prepareShare } from "./prepare-share.js";
import { atPlace } from "../process/used-memory.js";
import { transfer, type Transfer } from "./transfer.js";
import { rateOf, transferTable } from "./transfer-table.js";
import { MIB, formatSize } from "../sizes.js";

/** What is the same for everybody, and what is not. */
const RULES = [
  "MiB/s: from the start of the downloading process to everything verified and in its file; once connected: from when its first connection stands. Seeders run and have checked their file before.",
  "Everybody is told the peer's address: aria2c by a tracker of the benchmark, the others directly. No DHT, local discovery, peer exchange, port mapping or uTP.",
  "Shoal gets the metainfo from its peer (BEP 9), as with any magnet link; the others are handed the `.torrent`.",
  "On the disk: until fdatasync of the whole file returns, which the benchmark calls as soon as somebody is complete. Shoal calls it, too, before it ends; the others leave that to the kernel.",
  "Before each run all memory is filled with what was read from a file without content, as on a machine that has run for a while.",
];

/** One seeder, one downloader. */
export const throughput: Benchmark = {
  name: "throughput",
  title: "One seeder, one downloader",
  run: async (context) => {
    const contenders = context.isQuick ? fewContenders(context.folder) : allContenders(context.folder);
    const table = await carry(context, { contenders, seeders: 1, bytes: context.bytes, runs: context.runs });
    return [{ ...table, notes: [...table.notes, ...RULES] }];
  },
};

/** Four seeders, one downloader. */
export const fourSeeders: Benchmark = {
  name: "four-seeders",
  title: "Four seeders, one downloader",
  run: async (context) => {
    const contenders = peers(context.folder).filter(({ isOurs }) => isOurs || !context.isQuick);
    return [await carry(context, { contenders, seeders: 4, bytes: context.bytes, runs: context.runs })];
  },
};

/** How memory grows with the share. */
export const memory: Benchmark = {
  name: "memory",
  title: "Memory for small and large shares",
  run: async (context) => {
    const contenders = peers(context.folder).filter(({ isOurs }) => isOurs || !context.isQuick);
    const small = await carry(context, { contenders, seeders: 1, bytes: context.bytes / 4, runs: context.runs });
    // Memory does not need medians, and nothing else is read off such a long run.
    const large = await carry(context, { contenders, seeders: 1, bytes: context.bytes * 8, runs: 1 });
    return [small, large];
  },
};

interface Carrying {
  readonly contenders: readonly Contender[];
  readonly seeders: number;
  readonly bytes: number;
  readonly runs: number;
}

async function carry(context: BenchContext, { contenders, seeders, bytes, runs }: Carrying): Promise<ResultTable> {
  context.say(`writes a file of ${formatSize(bytes)}`);
  const share = await prepareShare(context.folder, `share-${bytes / MIB}.bin`, bytes);
  const contest: Contest<Transfer> = await atPlace(context, async (place) => {
    const run = (contender: Contender) => transfer(contender, share, seeders, place);
    return await contestOf({ contenders, runs, run, rateOf: ({ seconds }) => rateOf(bytes, seconds) }, context);
  });
  await share.remove();
  const who = seeders === 1 ? "1 seeder" : `${seeders} seeders`;
  return transferTable(`${formatSize(bytes)}, ${who}`, bytes, contest);
}
