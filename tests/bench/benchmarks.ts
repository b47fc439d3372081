import type { Benchmark } from "./benchmark.js";
import { fourSeeders, memory, throughput } from "./transfer/transfer-benchmarks.js";

/** All benchmarks, in the order in which they run and stand in docs/benchmarks.md. */
export const BENCHMARKS: readonly Benchmark[] = [throughput, fourSeeders, memory];
