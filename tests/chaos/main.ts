/** `npm run chaos`: real faults with real processes. See README.md. */
import { parseArgs } from "node:util";
import { LONG_FORM, MATRIX_RUNS, SHORT_FORM } from "./forms.js";
import { runChaos } from "./run-chaos.js";

const USAGE = `npm run chaos                       100 faults, about three minutes
npm run chaos -- --seed S           the same faults as then
npm run chaos -- --faults N         another number of them
npm run chaos -- --tab              with a browser's tab among the victims, as in the matrix
npm run chaos -- --matrix           25 runs with other seeds, 400 faults each, some of them long: about seven hours`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    faults: { type: "string" },
    tab: { type: "boolean", default: false },
    matrix: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const form = values.matrix ? LONG_FORM : SHORT_FORM;
  // A seed that is given is one run to be repeated.
  const count = values.matrix && values.seed === undefined ? MATRIX_RUNS : 1;
  const hasTab = form.hasTab || values.tab;
  const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  const total = { faults: 0, failed: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const faults = Number(values.faults ?? form.faults);
    console.log(`seed ${seed}: ${faults} faults`);
    const from = performance.now();
    const say = (line: string) => console.log(`${((performance.now() - from) / 1000).toFixed(1).padStart(7)} ${line}`);
    const outcome = await runChaos({ ...form, hasTab, seed, faults, say });
    console.log(outcome.table);
    total.faults += outcome.faults;
    total.failed += outcome.violations.length;
    if (outcome.logs === undefined) continue;
    for (const violation of outcome.violations) console.log(`WRONG: ${violation}`);
    const again = `npm run chaos -- --seed ${seed} --faults ${faults}${values.matrix ? " --matrix" : values.tab ? " --tab" : ""}`;
    console.log(`again: ${again}\nwhat the processes said: ${outcome.logs}`);
  }
  console.log(`${total.faults} faults, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}
