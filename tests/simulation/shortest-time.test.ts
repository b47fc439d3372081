import { describe, expect, it } from "vitest";
import { lowerBoundSeconds, type Line } from "../support/crowd-bound.js";
import { simulateCrowd } from "../support/simulated-crowd.js";

const MIB = 1024 * 1024;
/** A simulation of some ten seconds, on a machine that may have more to do. */
const TIMEOUT_MS = 300_000;
/** 20 Mbit/s. */
const U = 2_500_000;
const LATENCY_MS = 20;
const EQUAL: Line = { up: U, down: U };

/** `count` lines that send u/4, u/2, u, 2u, 4u, and so on again, and take 4u. */
function mixed(count: number): Line[] {
  return Array.from({ length: count }, (_, at) => ({ up: (U / 4) * 2 ** (at % 5), down: 4 * U }));
}

describe("the shortest time to everyone", () => {
  it("is bounded by the source, by the slowest peer, or by what all can send", () => {
    const fast = { up: 10, down: 100 };
    expect(lowerBoundSeconds(100, { source: { up: 1, down: 1 }, peers: [fast, fast] })).toBe(100);
    expect(lowerBoundSeconds(100, { source: fast, peers: [fast, { up: 10, down: 2 }] })).toBe(50);
    expect(lowerBoundSeconds(100, { source: fast, peers: Array.from({ length: 9 }, () => ({ ...fast, up: 0 })) })).toBe(
      90,
    );
    const relays = [fast, fast];
    expect(lowerBoundSeconds(100, { source: fast, peers: [fast, fast, fast, fast], relays })).toBe(20);
  });

  it("counts who joins later from then on", () => {
    const late = { up: 10, down: 100, joinsAtSeconds: 20 };
    expect(lowerBoundSeconds(100, { source: { up: 10, down: 10 }, peers: [late] })).toBe(21);
    expect(lowerBoundSeconds(300, { source: { up: 10, down: 10 }, peers: [late, late] })).toBe(20 + 400 / 30);
  });

  it(
    "is met within a tenth by eight equal peers, and nothing is sent in vain",
    async () => {
      const peers = Array.from({ length: 8 }, () => EQUAL);
      const result = await simulateCrowd({ seed: 1, length: 32 * MIB, latencyMs: LATENCY_MS, source: EQUAL, peers });
      expect(result.seconds / result.boundSeconds).toBeLessThanOrEqual(1.1);
      expect(result.sourceShares).toBeLessThan(1.1);
      expect(result.receivedShares).toBeLessThan(1.03);
    },
    TIMEOUT_MS,
  );

  it(
    "is met within a quarter by eight unequal ones",
    async () => {
      const crowd = { source: EQUAL, peers: mixed(8) };
      const result = await simulateCrowd({ seed: 1, length: 32 * MIB, latencyMs: LATENCY_MS, ...crowd });
      expect(result.seconds / result.boundSeconds).toBeLessThanOrEqual(1.25);
      expect(result.receivedShares).toBeLessThan(1.05);
    },
    TIMEOUT_MS,
  );
});
