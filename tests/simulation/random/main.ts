import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { drawScenario } from "./draw-scenario.js";
import { runScenario } from "./run-scenario.js";
import { runSeeds, type SeedRange } from "./run-seeds.js";
import type { Scenario } from "./scenario.js";
import { describeScenario, replayCommand } from "./seed-report.js";
import { shrinkScenario } from "./shrink-scenario.js";

const USAGE = `npm run simulate -- --seeds N [--workers W]   runs the seeds 1 to N (--from F: F to N)
npm run simulate -- --seed S                    tells the story of one, and makes it smaller if it fails
npm run simulate -- --scenario FILE             the same for a scenario as JSON`;

/** Runs in search of a smaller scenario. */
const SHRINK_RUNS = 150;
/** A failed seed's violations that are shown. */
const SHOWN = 3;
/** How far a long run has come is told after so many seeds. */
const TELL_EVERY = 500;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    scenario: { type: "string" },
    workers: { type: "string" },
    quiet: { type: "boolean" },
  },
});
if (values.seeds !== undefined) await many(rangeOf(values.from, values.seeds));
else if (values.seed !== undefined) await one(drawScenario(Number(values.seed)));
else if (values.scenario !== undefined) await one(JSON.parse(readFileSync(values.scenario, "utf8")) as Scenario);
else {
  console.log(USAGE);
  process.exitCode = 2;
}

function rangeOf(first: string, last: string): SeedRange {
  const range = { first: Number(first), last: Number(last) };
  if (Number.isInteger(range.first) && Number.isInteger(range.last) && 1 <= range.first && range.first <= range.last)
    return range;
  console.error(`There are no seeds from ${first} to ${last}: --seeds is the last of them, --from the first`);
  return process.exit(2);
}

async function many(range: SeedRange): Promise<void> {
  const count = range.last + 1 - range.first;
  const workers = Number(values.workers ?? availableParallelism());
  let done = 0;
  const { failed, trace, slowest, crowds, medianPeers } = await runSeeds(range, workers, ({ seed, outcome }) => {
    if (++done % TELL_EVERY === 0 && done < count) console.log(`${done} seeds done, ${seed} the last of them`);
    if (outcome.violations.length === 0) return;
    console.log(`seed ${seed} failed: ${replayCommand(seed)}`);
    for (const violation of outcome.violations.slice(0, SHOWN)) console.log(`  ${violation}`);
  });
  console.log(`median swarm ${medianPeers} peers, ${crowds} swarms of 100 or more`);
  if (slowest !== undefined) {
    const seconds = (slowest.outcome.finishMs / 1000).toFixed(0);
    console.log(`the slowest finished ${seconds} s after its last disaster (seed ${slowest.seed})`);
  }
  console.log(`${count} seeds, ${failed.length} failed, trace ${trace}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function one(scenario: Scenario): Promise<void> {
  const tell = values.quiet === true ? undefined : (line: string) => console.log(line);
  const { violations, trace, finishMs, finishers } = await runScenario(scenario, tell);
  console.log(describeScenario(scenario));
  console.log(`${finishers} could finish, and took ${(finishMs / 1000).toFixed(1)} s after the last disaster`);
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) await tellSmaller(scenario, violations);
  console.log(`1 seeds, ${violations.length > 0 ? 1 : 0} failed, trace ${trace}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

/** The smaller one fails in the same way, whoever it is that does, and when. */
async function tellSmaller(scenario: Scenario, violations: readonly string[]): Promise<void> {
  const kindOf = (violation: string) => violation.replace(/\d+/g, "N");
  const kinds = new Set(violations.map(kindOf));
  const fails = async (smaller: Scenario) =>
    (await runScenario(smaller)).violations.some((violation) => kinds.has(kindOf(violation)));
  const smallest = await shrinkScenario(scenario, fails, SHRINK_RUNS);
  console.log(`A smaller scenario that fails (${describeScenario(smallest)}); --scenario FILE runs it:`);
  console.log(JSON.stringify(smallest));
}
