import type { Outcome } from "./run-scenario.js";
import type { Scenario } from "./scenario.js";

/** What a worker tells of one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly peers: number;
  readonly outcome: Outcome;
}

/** How a failed seed is run again. */
export function replayCommand(seed: number): string {
  return `npm run simulate -- --seed ${seed}`;
}

/** One line on a scenario, for people. */
export function describeScenario({ peers, relays, trackers, villains, disasters, pieceCount }: Scenario): string {
  const counts = [
    [peers.length, "peers"],
    [relays.length, "relays"],
    [trackers.length, "trackers"],
    [villains.length, "villains"],
    [disasters.length, "disasters"],
    [pieceCount, "pieces"],
  ];
  return counts.map(([count, what]) => `${String(count)} ${String(what)}`).join(", ");
}
