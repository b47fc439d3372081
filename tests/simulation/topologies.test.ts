import { describe, expect, it } from "vitest";
import { Simulation } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 32 * KIB;
const RUNS = 30;
/** SHOAL_SEED repeats one run alone. */
const SEEDS =
  process.env.SHOAL_SEED === undefined
    ? Array.from({ length: RUNS }, (_, index) => 1_000 + index)
    : [Number(process.env.SHOAL_SEED)];

/** A swarm drawn at random: who can be dialled, who holds what, how fast, how far, who knows whom, who leaves. */
async function run(seed: number): Promise<string> {
  const pieces = 4 + (seed % 23);
  const simulation = await Simulation.create({
    seed,
    length: pieces * PIECE - (seed % 1_000),
    pieceLength: PIECE,
    cut: seed % 5 === 0,
  });
  const { random, clock } = simulation;
  const count = 2 + random.int(7);
  // The first can be dialled and holds everything, so that the others always have a way to complete.
  for (let index = 0; index < count; index++) {
    const share = random.float();
    simulation.add(`peer${index}`, {
      has: index === 0 ? "all" : random.int(3) > 0 ? "none" : (piece) => (piece * 7919) % 10 < share * 10,
      dialable: index === 0 || random.int(3) > 0,
      knowsMetainfo: index === 0 || random.int(3) > 0,
      latencyMs: random.int(150),
      loss: random.int(2) * 0.03,
      upBytesPerSecond: (32 + random.int(512)) * KIB,
      downBytesPerSecond: (64 + random.int(2_048)) * KIB,
    });
  }
  for (const peer of simulation.peers) {
    const known = simulation.peers.filter((other, index) => other !== peer && (index === 0 || random.int(2) === 0));
    peer.session.addEndpoints(known.map(({ address }) => address));
    await clock.advance(random.int(3_000));
  }
  if (random.int(3) === 0) simulation.peers[1]?.host.loseLinks();
  expect(await simulation.allComplete(simulation.peers, 30 * 60_000), `seed ${seed}`).toBe(true);
  for (const peer of simulation.peers) expect(await simulation.holdsEverything(peer), `seed ${seed}`).toBe(true);
  await simulation.close();
  expect(clock.pendingTimers, `timers of seed ${seed}`).toBe(0);
  for (const { session, host } of simulation.peers) {
    expect([session.view.peers.length, host.openLinks], `links of seed ${seed}`).toEqual([0, 0]);
  }
  return simulation.traceHash();
}

describe("a swarm drawn at random", () => {
  it.each(SEEDS)("completes, ends without a trace, and goes the same way again (SHOAL_SEED=%d)", async (seed) => {
    expect(await run(seed)).toBe(await run(seed));
  });
});
