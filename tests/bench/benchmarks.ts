import type { Benchmark } from "./benchmark.js";
import { create } from "./command/create.js";
import { startup } from "./command/startup.js";
import { oneToFour } from "./browser/one-to-four.js";
import { drop, link } from "./browser/page-benchmarks.js";
import { nodeToTab, tabToTab } from "./browser/tab-benchmarks.js";
import { shortestTime, shortestTimeOfMany } from "./shortest-time/shortest-time.js";
import { shortestTimeReal } from "./lines/shortest-time-real.js";
import { trackerBenchmark } from "./tracker/tracker-benchmark.js";
import { bothDirections } from "./transfer/exchange-benchmark.js";
import { fourSeeders, memory, throughput } from "./transfer/transfer-benchmarks.js";

/** All benchmarks, in the order in which they run and stand in docs/benchmarks.md. */
export const BENCHMARKS: readonly Benchmark[] = [
  throughput,
  fourSeeders,
  bothDirections,
  memory,
  create,
  startup,
  trackerBenchmark,
  nodeToTab,
  tabToTab,
  oneToFour,
  drop,
  link,
  shortestTime,
  shortestTimeOfMany,
  shortestTimeReal,
];
