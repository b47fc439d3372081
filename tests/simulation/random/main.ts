import { drawScenario } from "./draw-scenario.js";
import { runScenario } from "./run-scenario.js";

const [from = 1, to = 20] = process.argv.slice(2).map(Number);
const start = performance.now();
for (let seed = from; seed <= to; seed++) {
  const scenario = drawScenario(seed);
  const t = performance.now();
  const outcome = await runScenario(scenario, process.env.STORY === undefined ? undefined : (line) => console.log(line));
  const ms = performance.now() - t;
  if (outcome.violations.length > 0 || ms > 1500 || process.env.V)
    console.log(seed, scenario.peers.length, ms.toFixed(0), outcome.timersRun, outcome.finishMs.toFixed(0), outcome.finishers, outcome.violations.slice(0, 5), outcome.trace.slice(0, 8));
}
console.log(((performance.now() - start) / (to - from + 1)).toFixed(1), "ms per seed");
