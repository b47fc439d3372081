import type { BenchContext, Benchmark, ResultTable } from "../benchmark.js";
import { formatRatio, formatSpread, median } from "../statistics.js";
import type { Population, TrackerKind } from "./messages.js";
import { TrackerBenchRun } from "./tracker-bench-run.js";

/** What is done to each tracker in a round. */
interface Plan {
  /** One swarm for each socket: how fast it answers, and what a socket costs. */
  readonly crowd: Population;
  /** Many swarms for each socket: what a registration costs. */
  readonly collection: Population;
  readonly seconds: number;
  /** A moderate rate of announces. */
  readonly perSecond: number;
}

const FULL: Plan = {
  crowd: { sockets: 2_000, swarms: 1_000, swarmsPerSocket: 1 },
  collection: { sockets: 100, swarms: 1_000, swarmsPerSocket: 1_000 },
  seconds: 5,
  perSecond: 2_000,
};

const QUICK: Plan = {
  crowd: { sockets: 20, swarms: 10, swarmsPerSocket: 1 },
  collection: { sockets: 5, swarms: 20, swarmsPerSocket: 20 },
  seconds: 0.2,
  perSecond: 100,
};

const KINDS: readonly TrackerKind[] = ["shoal", "bittorrent-tracker"];

/** A series of figures for each row of the table; units are those of `ROWS`. */
type Figures = Record<RowName, number[]>;

const ROWS = {
  rate: ["Announces per second at saturation", 0],
  cpu: ["CPU per announce at saturation, µs", 1],
  saturatedP50: ["Answer at saturation, median, ms", 1],
  saturatedP99: ["Answer at saturation, 99th percentile, ms", 1],
  pacedP50: ["Answer at the moderate rate, median, ms", 2],
  pacedP99: ["Answer at the moderate rate, 99th percentile, ms", 2],
  emptyMemory: ["Private memory, empty, MiB", 1],
  crowdMemory: ["Private memory with all sockets, MiB", 1],
  socketMemory: ["… more than empty, per socket, bytes", 0],
  socketHeap: ["… of which JavaScript heap", 0],
  collectionMemory: ["Private memory with all registrations, MiB", 1],
  registrationMemory: ["… more than empty, per registration, bytes", 0],
  registrationHeap: ["… of which JavaScript heap", 0],
  loadShare: ["Load's own share of a core at saturation, %", 0],
} as const;

type RowName = keyof typeof ROWS;
const ROW_NAMES = Object.keys(ROWS) as readonly RowName[];

/** Ours against bittorrent-tracker's server: announces over WebSocket, and memory. */
export const trackerBenchmark: Benchmark = {
  name: "tracker",
  title: "Tracker",
  async run(context) {
    const plan = context.isQuick ? QUICK : FULL;
    const figures: Record<TrackerKind, Figures> = { shoal: noFigures(), "bittorrent-tracker": noFigures() };
    for (let round = 0; round < context.runs; round++) {
      for (const kind of KINDS) await measureCrowd(kind, plan, figures[kind], sayOf(context, round, kind));
      for (const kind of KINDS) await measureLibrary(kind, plan, figures[kind], sayOf(context, round, kind));
    }
    return [tableOf(figures, plan)];
  },
};

function sayOf(context: BenchContext, round: number, kind: TrackerKind): (what: string) => void {
  return (what) => context.say(`round ${round + 1} of ${context.runs}, ${kind}: ${what}`);
}

async function measureCrowd(kind: TrackerKind, plan: Plan, into: Figures, say: (what: string) => void): Promise<void> {
  await TrackerBenchRun.use(kind, async (run) => {
    const { seconds, perSecond, crowd } = plan;
    const empty = await run.memory();
    await run.open(crowd);
    const full = await run.memory();
    into.emptyMemory.push(empty.privateBytes / 1024 ** 2);
    into.crowdMemory.push(full.privateBytes / 1024 ** 2);
    into.socketMemory.push((full.privateBytes - empty.privateBytes) / crowd.sockets);
    into.socketHeap.push((full.heapBytes - empty.heapBytes) / crowd.sockets);
    // Warm-up: the compiler has seen all of it before anything is counted.
    await run.announce(seconds / 2);
    const fast = await run.announce(seconds);
    const paced = await run.announce(seconds, perSecond);
    into.rate.push(fast.announces / fast.seconds);
    into.cpu.push((fast.trackerCpuSeconds / fast.announces) * 1e6);
    into.saturatedP50.push(fast.p50);
    into.saturatedP99.push(fast.p99);
    into.pacedP50.push(paced.p50);
    into.pacedP99.push(paced.p99);
    into.loadShare.push((fast.cpuSeconds / fast.seconds) * 100);
    say(`${(fast.announces / fast.seconds).toFixed(0)} announces/s`);
  });
}

async function measureLibrary(
  kind: TrackerKind,
  plan: Plan,
  into: Figures,
  say: (what: string) => void,
): Promise<void> {
  await TrackerBenchRun.use(kind, async (run) => {
    const empty = await run.memory();
    const { announces } = await run.open(plan.collection);
    const full = await run.memory();
    into.collectionMemory.push(full.privateBytes / 1024 ** 2);
    into.registrationMemory.push((full.privateBytes - empty.privateBytes) / announces);
    into.registrationHeap.push((full.heapBytes - empty.heapBytes) / announces);
    say(`${(full.privateBytes / 1024 ** 2).toFixed(1)} MiB with ${announces} registrations`);
  });
}

function tableOf(figures: Record<TrackerKind, Figures>, { crowd, collection, perSecond }: Plan): ResultTable {
  const { shoal, "bittorrent-tracker": theirs } = figures;
  return {
    title: "Announces over WebSocket, against bittorrent-tracker's server",
    columns: ["", "Shoal", "bittorrent-tracker", "Shoal : bittorrent-tracker"],
    rows: ROW_NAMES.map((name) => {
      const [title, digits] = ROWS[name];
      const ratio = formatRatio(median(shoal[name]), median(theirs[name]));
      return [title, formatSpread(shoal[name], digits), formatSpread(theirs[name], digits), ratio];
    }),
    notes: [
      `${crowd.sockets} sockets in ${crowd.swarms} swarms, one announce in flight on each at saturation, ${perSecond} a second at the moderate rate.`,
      `${collection.sockets * collection.swarmsPerSocket} registrations: ${collection.sockets} sockets, each in ${collection.swarmsPerSocket} swarms.`,
      `Each tracker is a library in a process of its own, over WebSocket only, without limits on announces; the load is another process, which sends prepared frames.`,
      "Memory is what /proc says is private, after both were made to collect their garbage; a socket has one registration.",
    ],
  };
}

function noFigures(): Figures {
  return {
    rate: [],
    cpu: [],
    saturatedP50: [],
    saturatedP99: [],
    pacedP50: [],
    pacedP99: [],
    emptyMemory: [],
    crowdMemory: [],
    socketMemory: [],
    socketHeap: [],
    collectionMemory: [],
    registrationMemory: [],
    registrationHeap: [],
    loadShare: [],
  };
}
