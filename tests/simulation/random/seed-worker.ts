import { drawScenario } from "./draw-scenario.js";
import { runScenario } from "./run-scenario.js";
import type { SeedReport } from "./seed-report.js";

/** Runs the seeds that its parent sends, one after the other, and answers each with a report. */
async function run(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const scenario = drawScenario(seed);
    const report: SeedReport = { seed, peers: scenario.peers.length, outcome: await runScenario(scenario) };
    process.send?.(report);
  }
}

process.on("message", (seeds) => void run(seeds as number[]));
