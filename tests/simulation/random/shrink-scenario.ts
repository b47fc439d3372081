import type { Scenario } from "./scenario.js";

/** Of whose parts a scenario is made smaller, the dearest first. */
const PARTS = ["peers", "villains", "disasters", "relays", "trackers"] as const;

/**
 * The smallest scenario that is found to fail as well: parts are left out, halves first, then one by one, as long as
 * `fails` holds of what is left; at most `budget` runs.
 */
export async function shrinkScenario(
  scenario: Scenario,
  fails: (smaller: Scenario) => Promise<boolean>,
  budget: number,
): Promise<Scenario> {
  let smallest = scenario;
  let left = budget;
  for (let before: Scenario | undefined; before !== smallest && left > 0;) {
    before = smallest;
    for (const part of PARTS) {
      for (let size = Math.ceil(smallest[part].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
        for (let at = 0; at < smallest[part].length && left > 0;) {
          const smaller = without(smallest, part, at, size);
          left--;
          if (smaller !== undefined && (await fails(smaller))) smallest = smaller;
          else at += size;
        }
      }
    }
  }
  return smallest;
}

/** Undefined where it would be no scenario any more. */
function without(scenario: Scenario, part: (typeof PARTS)[number], at: number, size: number): Scenario | undefined {
  const rest = scenario[part].filter((_, index) => index < at || index >= at + size);
  const needsOne = part === "peers" || part === "trackers";
  return needsOne && rest.length === 0 ? undefined : { ...scenario, [part]: rest };
}
