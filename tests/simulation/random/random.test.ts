import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { drawScenario } from "./draw-scenario.js";
import { runScenario } from "./run-scenario.js";
import { runSeeds } from "./run-seeds.js";
import type { Scenario } from "./scenario.js";
import { replayCommand } from "./seed-report.js";
import { shrinkScenario } from "./shrink-scenario.js";

/** SHOAL_SEEDS runs another number. */
const SEEDS = Number(process.env.SHOAL_SEEDS ?? 2_000);
const RUN_LIMIT_MS = 20 * 60_000;
const REGRESSIONS = new URL("regressions/", import.meta.url);

/** A peer that has all and one that wants it. */
function simplest(up: number): Scenario {
  const wire = { latencyMs: 10, loss: 0, up, down: 1e6 };
  const peer = {
    wire,
    disk: { accessMs: 0, hashes: false },
    joinMs: 0,
    isDialable: true,
    knowsMetainfo: true,
    trackers: ["tracker0"],
    maxConnections: 100,
    unverifiedPieces: 8,
  };
  return {
    seed: 1,
    pieceCount: 3,
    pieceLength: 16_384,
    lastPieceBytes: 100,
    cut: false,
    trackers: [{ name: "tracker0", relays: [] }],
    relays: [],
    peers: [
      { ...peer, name: "seed", has: "xxx" },
      { ...peer, name: "leech", has: "..." },
    ],
    villains: [],
    disasters: [],
  };
}

describe("swarms and disasters drawn from seeds", () => {
  it(
    `end well, ${SEEDS} of them: who can finish does, nothing wrong is kept, nothing is left over`,
    async () => {
      const { failed, medianPeers, crowds } = await runSeeds({ first: 1, last: SEEDS }, availableParallelism());
      const told = failed.map(({ seed, outcome }) => `${replayCommand(seed)}: ${outcome.violations[0] ?? ""}`);
      expect(told).toEqual([]);
      if (SEEDS >= 500) expect([medianPeers, crowds >= SEEDS / 20]).toEqual([10, true]);
    },
    RUN_LIMIT_MS,
  );

  it(
    "go the same way again, however many processes share them",
    async () => {
      const range = { first: 1, last: 9 };
      const [one, two] = [await runSeeds(range, 1), await runSeeds(range, 2)];
      expect(one.trace).toBe(two.trace);
    },
    RUN_LIMIT_MS,
  );

  it("are data: a scenario that has been through JSON goes the same way", async () => {
    const scenario = drawScenario(7);
    const copy = JSON.parse(JSON.stringify(scenario)) as Scenario;
    expect((await runScenario(copy)).trace).toBe((await runScenario(scenario)).trace);
  });

  it.each(readdirSync(REGRESSIONS))("that once failed end well: %s", async (name) => {
    const scenario = JSON.parse(readFileSync(new URL(name, REGRESSIONS), "utf8")) as Scenario;
    expect((await runScenario(scenario)).violations).toEqual([]);
  });
});

describe("a simulated run", () => {
  it("ends well where nothing goes wrong", async () => {
    expect(await runScenario(simplest(1e6))).toMatchObject({ violations: [], finishers: 2 });
  });

  it("tells of a peer that could finish and does not in time", async () => {
    const { violations } = await runScenario(simplest(10));
    expect(violations).toEqual([expect.stringContaining("leech could finish, and has 0 of 3 pieces")]);
  });

  it("does not ask of a peer what it cannot do", async () => {
    const scenario = simplest(10);
    const alone = { ...scenario, disasters: [{ kind: "crash" as const, atMs: 5, name: "seed", loses: false }] };
    expect(await runScenario(alone)).toMatchObject({ violations: [], finishers: 0 });
  });
});

describe("a scenario that fails", () => {
  it("is made smaller as long as it fails", async () => {
    const scenario = drawScenario(11);
    const last = scenario.peers.at(-1)?.name;
    const fails = (smaller: Scenario) => Promise.resolve(smaller.peers.some(({ name }) => name === last));
    const smallest = await shrinkScenario(scenario, fails, 1_000);
    expect(smallest.peers.map(({ name }) => name)).toEqual([last]);
    expect([smallest.villains, smallest.disasters, smallest.relays]).toEqual([[], [], []]);
    expect(smallest.trackers).toHaveLength(1);
  });
});
