import { describe, expect, it } from "vitest";
import { Simulation, type SimulatedPeerOptions } from "../support/simulated-swarm.js";

const KIB = 1024;
const LENGTH = 3 * 1024 * KIB;
const LIMIT = 100 * KIB;
/** A limiter holds a second's worth, so that much comes at once: half a minute makes that little. */
const EXPECTED_MS = (LENGTH / LIMIT - 1) * 1_000;

interface Case {
  readonly seed?: SimulatedPeerOptions;
  readonly leech?: SimulatedPeerOptions;
  readonly leeches?: number;
  readonly seeds?: number;
}

/** Milliseconds until every leech is complete. */
async function timeOf({ seed, leech, seeds = 1, leeches = 1 }: Case): Promise<number> {
  const simulation = await Simulation.create({ seed: 8, length: LENGTH, pieceLength: 64 * KIB });
  for (let index = 0; index < seeds; index++) simulation.add(`seed${index}`, { has: "all", latencyMs: 5, ...seed });
  const all = Array.from({ length: leeches }, (_, index) =>
    simulation.add(`leech${index}`, { latencyMs: 5, dialable: false, ...leech }),
  );
  simulation.introduceAll();
  const began = simulation.clock.now();
  expect(await simulation.allComplete(all, 10 * 60_000)).toBe(true);
  const took = simulation.clock.now() - began;
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
  return took;
}

describe("rate limits are kept within a tenth", () => {
  it.each<[string, Case, number]>([
    ["for uploads of a client", { seed: { limits: { up: LIMIT, down: 0 } } }, EXPECTED_MS],
    ["for downloads of a client", { leech: { limits: { up: 0, down: LIMIT } } }, EXPECTED_MS],
    ["for uploads of one share", { seed: { share: { limits: { up: LIMIT, down: 0 } } } }, EXPECTED_MS],
    ["for downloads of one share", { leech: { share: { limits: { up: 0, down: LIMIT } } } }, EXPECTED_MS],
    ["for uploads to several at once", { seed: { limits: { up: 3 * LIMIT, down: 0 } }, leeches: 3 }, EXPECTED_MS],
    ["for downloads from several at once", { leech: { limits: { up: 0, down: LIMIT } }, seeds: 3 }, EXPECTED_MS],
    [
      "for the tighter of two",
      { seed: { limits: { up: LIMIT, down: 0 }, share: { limits: { up: 5 * LIMIT, down: 0 } } } },
      EXPECTED_MS,
    ],
  ])("%s", async (_, scene, expectedMs) => {
    const took = await timeOf(scene);
    expect(took / expectedMs).toBeGreaterThan(0.9);
    expect(took / expectedMs).toBeLessThan(1.1);
  });

  it("and a new limit holds at once", async () => {
    const simulation = await Simulation.create({ seed: 9, length: LENGTH, pieceLength: 64 * KIB });
    const seed = simulation.add("seed", { has: "all", limits: { up: 10 * KIB, down: 0 } });
    const leech = simulation.add("leech");
    simulation.introduceAll();
    await simulation.clock.advance(20_000);
    expect(leech.session.view.downloaded).toBeLessThan(400 * KIB);
    seed.client.setLimits({ up: 0, down: 0 });
    expect(await simulation.allComplete([leech], 5_000)).toBe(true);
    await simulation.close();
  });
});
