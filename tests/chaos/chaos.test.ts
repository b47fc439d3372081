import { expect, test, vi } from "vitest";
import { runChaos } from "./run-chaos.js";
import { SHORT_FORM } from "./forms.js";

// Faults for a minute and a half, then up to a minute until the last dead link is given up, on a machine that has other work.
vi.setConfig({ testTimeout: 600_000 });

/** The same faults in every run of the tests; `npm run chaos` draws others. */
const SEED = 1;

test("real processes come through a hundred faults with every byte right and nothing left over", async () => {
  const said: string[] = [];
  const outcome = await runChaos({ ...SHORT_FORM, seed: SEED, say: (line) => said.push(line) });
  const story = `${outcome.table}\n${said.slice(-40).join("\n")}\n${outcome.logs ?? ""}`;
  expect(outcome.violations, story).toEqual([]);
  expect(outcome.faults, story).toBeGreaterThanOrEqual(SHORT_FORM.faults);
});
