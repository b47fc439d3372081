import { describe, expect, it } from "vitest";
import { Simulation } from "../support/simulated-swarm.js";

const MIB = 1024 * 1024;

/** How long requests may wait at each of so many seeds, after five seconds of a download over a line that they fill. */
async function depthsAt(seeds: number): Promise<readonly number[]> {
  const simulation = await Simulation.create({ seed: 1, length: 16 * MIB, pieceLength: 64 * 1024 });
  for (let at = 0; at < seeds; at++) simulation.add(`seed${at}`, { has: "all", latencyMs: 10 });
  const leech = simulation.add("leech", { latencyMs: 10, downBytesPerSecond: MIB });
  simulation.introduceAll();
  await simulation.clock.advance(5_000);
  const depths = [...leech.session.swarm.sessions()].map(({ requests }) => requests.queueMs);
  await simulation.close();
  return depths;
}

describe("the depth of requests", () => {
  it("is a tenth of a second where one peer is asked", async () => {
    expect(await depthsAt(1)).toEqual([100]);
  });

  it("is less at each of several who fill the line", async () => {
    const depths = await depthsAt(3);
    expect(depths).toHaveLength(3);
    expect(Math.max(...depths)).toBeLessThan(70);
  });
});
