import { describe, expect, it } from "vitest";
import { Simulation } from "../support/simulated-swarm.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const LENGTH = 2 * MIB;

describe("a simulated swarm", () => {
  it("moves a share from one peer to another", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 3 * MIB + 5, pieceLength: 64 * KIB });
    simulation.add("seed", { has: "all" });
    const leech = simulation.add("leech");
    simulation.introduceAll();
    expect(await simulation.allComplete([leech], 60_000)).toBe(true);
    expect(await simulation.holdsEverything(leech)).toBe(true);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("tells who brought each piece", async () => {
    const simulation = await Simulation.create({ seed: 3, length: MIB, pieceLength: 32 * KIB });
    const even = simulation.add("even", { has: (piece) => piece % 2 === 0 });
    const odd = simulation.add("odd", { has: (piece) => piece % 2 === 1 });
    const leech = simulation.add("leech", { dialable: false });
    leech.session.addEndpoints([even.address, odd.address]);
    expect(await simulation.allComplete([leech], 60_000)).toBe(true);
    const pieces = leech.events.filter((event) => event.kind === "piece");
    expect(pieces).toHaveLength(MIB / (32 * KIB));
    for (const { piece, from } of pieces) {
      expect(from).toBe((piece % 2 === 0 ? even : odd).client.peerId);
    }
    await simulation.close();
  });

  it("starts from the info-hash alone", async () => {
    const simulation = await Simulation.create({ seed: 2, length: MIB, pieceLength: 32 * KIB, cut: true });
    simulation.add("seed", { has: "all" });
    const leech = simulation.add("leech", { knowsMetainfo: false, dialable: false });
    simulation.introduceAll();
    expect(await simulation.allComplete([leech], 60_000)).toBe(true);
    expect(await simulation.holdsEverything(leech)).toBe(true);
    await simulation.close();
  });

  it("finishes with 20 peers under loss and latency, the same way for the same seed", async () => {
    const seed = Number(process.env.SHOAL_SEED ?? 20);
    console.log(`seed ${seed} (SHOAL_SEED sets another)`);
    const traces = [await swarmOfTwenty(seed), await swarmOfTwenty(seed)];
    expect(traces[0]).toBe(traces[1]);
  });
});

async function swarmOfTwenty(seed: number): Promise<string> {
  const simulation = await Simulation.create({ seed, length: LENGTH, pieceLength: 64 * KIB });
  const { random } = simulation;
  for (let index = 0; index < 20; index++) {
    simulation.add(`peer${index}`, {
      has: index === 0 ? "all" : "none",
      dialable: index < 15,
      latencyMs: 5 + random.int(80),
      loss: 0.02,
      upBytesPerSecond: (256 + random.int(1024)) * KIB,
      downBytesPerSecond: (512 + random.int(2048)) * KIB,
    });
  }
  simulation.introduceAll();
  const everybody = simulation.peers;
  expect(await simulation.allComplete(everybody, 20 * 60_000)).toBe(true);
  for (const peer of everybody) expect(await simulation.holdsEverything(peer), peer.name).toBe(true);
  const wasted = everybody.reduce((sum, peer) => sum + peer.session.view.wastedBytes, 0);
  // A share of 2 MiB is mostly end game: 5 to 15 %, by the seed.
  expect(wasted).toBeLessThan(0.2 * 19 * LENGTH);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
  return simulation.traceHash();
}
