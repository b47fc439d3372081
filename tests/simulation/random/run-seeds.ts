import { createHash } from "node:crypto";
import { fork, type ChildProcess } from "node:child_process";
import { bundleWorker } from "./bundled-worker.js";
import { replayCommand, type SeedReport } from "./seed-report.js";

/** Seeds that a worker is given at once: its answer is waited for before it gets more. */
const BATCH = 4;
/**
 * Real time for one seed: it takes a second, and minutes on a machine that gives us next to nothing. One in which the clock
 * stands still would never end. It is counted in steps: time in which all of us were stopped (SIGSTOP) is one of them.
 */
const WATCH_MS = 10_000;
const SEED_LIMIT_STEPS = 60;
/** There is a worker for each core: a collector with threads of its own would only take them from each other. */
const WORKER_FLAGS = ["--stack-trace-limit=0", "--single-threaded-gc", "--max-semi-space-size=64"];

export interface SeedRun {
  readonly failed: readonly SeedReport[];
  /** SHA-256 over the traces of all seeds in their order, however many workers there were. */
  readonly trace: string;
  /** The longest that anybody who could finish took after the last disaster. */
  readonly slowest: SeedReport | undefined;
  readonly crowds: number;
  readonly medianPeers: number;
}

/** Seeds from `first` to `last`. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
}

/** Runs seeds on so many processes; `onReport` hears of each as it comes. */
export async function runSeeds(
  { first, last }: SeedRange,
  workers: number,
  onReport: (report: SeedReport) => void = () => undefined,
): Promise<SeedRun> {
  const reports: SeedReport[] = [];
  let next = first;
  const take = (): number[] => {
    const seeds = Array.from({ length: Math.min(BATCH, last + 1 - next) }, (_, index) => next + index);
    next += seeds.length;
    return seeds;
  };
  const onDone = (report: SeedReport): void => {
    reports.push(report);
    onReport(report);
  };
  const worker = await bundleWorker();
  try {
    await Promise.all(
      Array.from({ length: Math.min(workers, last + 1 - first) }, () => work(worker.path, take, onDone)),
    );
  } finally {
    await worker.remove();
  }
  return summary(reports.sort((a, b) => a.seed - b.seed));
}

/** One process that runs batches until there is none left. */
function work(path: string, take: () => number[], onReport: (report: SeedReport) => void): Promise<void> {
  const worker = fork(path, { execArgv: WORKER_FLAGS });
  return new Promise((resolve, reject) => {
    let steps = 0;
    const fail = (error: Error): void => {
      clearInterval(watch);
      worker.kill();
      reject(error);
    };
    let waiting = give(worker, take());
    const watch = setInterval(() => {
      const [seed] = waiting;
      if (seed === undefined || ++steps < SEED_LIMIT_STEPS) return;
      const seconds = (SEED_LIMIT_STEPS * WATCH_MS) / 1_000;
      fail(new Error(`Seed ${seed} has not ended within ${seconds} s: ${replayCommand(seed)}`));
    }, WATCH_MS);
    worker.on("message", (message) => {
      onReport(message as SeedReport);
      steps = 0;
      waiting = waiting.length > 1 ? waiting.slice(1) : give(worker, take());
    });
    worker.on("error", fail);
    worker.on("exit", (code) => {
      clearInterval(watch);
      if (code === 0) resolve();
      else
        fail(new Error(`Seed ${waiting[0]} ended its process with ${String(code)}: ${replayCommand(waiting[0] ?? 0)}`));
    });
  });
}

/** Returns what the worker has to do now, in its order. */
function give(worker: ChildProcess, seeds: number[]): readonly number[] {
  if (seeds.length > 0) worker.send(seeds);
  else worker.disconnect();
  return seeds;
}

function summary(reports: readonly SeedReport[]): SeedRun {
  const hash = createHash("sha256");
  for (const { outcome } of reports) hash.update(outcome.trace);
  const sizes = reports.map(({ peers }) => peers).sort((a, b) => a - b);
  return {
    failed: reports.filter(({ outcome }) => outcome.violations.length > 0),
    trace: hash.digest("hex"),
    slowest: [...reports].sort((a, b) => b.outcome.finishMs - a.outcome.finishMs)[0],
    crowds: sizes.filter((size) => size >= 100).length,
    medianPeers: sizes[sizes.length >> 1] ?? 0,
  };
}
