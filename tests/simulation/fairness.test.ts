import { beforeAll, describe, expect, it } from "vitest";
import type { Line } from "../support/crowd-bound.js";
import { simulateCrowd, type CrowdResult } from "../support/simulated-crowd.js";

const MIB = 1024 * 1024;
/** A simulation of some seconds, on a machine that may have more to do. */
const TIMEOUT_MS = 300_000;
const LATENCY_MS = 20;
/** 20 Mbit/s. */
const GIVER: Line = { up: 2_500_000, down: 2_500_000 };
/** It sends one block, and then as good as nothing: the balance of a limiter is a debt for days. */
const FREE_RIDER: Line = { ...GIVER, gives: 1 };
/** Half a round of choking: nobody sits one out with nothing to fetch. */
const LONGEST_WAIT_SECONDS = 5;

interface Situation {
  readonly name: string;
  readonly seed: number;
  readonly peers: number;
  /** By their place in the order in which the source meets them. */
  readonly riders: readonly number[];
}

const SITUATIONS: readonly Situation[] = [
  { name: "eight peers, the first of whom gives nothing", seed: 1, peers: 8, riders: [0] },
  { name: "eight peers, the last of whom gives nothing", seed: 2, peers: 8, riders: [7] },
  { name: "sixteen peers, three of whom give nothing", seed: 3, peers: 16, riders: [0, 5, 10] },
];

describe.each(SITUATIONS)("among $name, equal lines and all dialable", ({ seed, peers, riders }) => {
  let result: CrowdResult;

  beforeAll(async () => {
    const lines = Array.from({ length: peers }, (_, index) => (riders.includes(index) ? FREE_RIDER : GIVER));
    result = await simulateCrowd({ seed, length: 16 * MIB, latencyMs: LATENCY_MS, source: GIVER, peers: lines });
  }, TIMEOUT_MS);

  const giversOf = (seconds: readonly number[]) => seconds.filter((_, index) => !riders.includes(index));

  it("a free rider that starts with the others is not done sooner than the median of those who give", () => {
    const givers = giversOf(result.finishedSeconds).sort((a, b) => a - b);
    const median = givers[givers.length >> 1] ?? NaN;
    const first = Math.min(...riders.map((index) => result.finishedSeconds[index] ?? NaN));
    expect(first, `givers at ${givers.map((at) => at.toFixed(1)).join(", ")} s`).toBeGreaterThanOrEqual(median);
  });

  it("nobody who gives starves: data comes again and again", () => {
    expect(Math.max(...giversOf(result.longestWaitSeconds))).toBeLessThanOrEqual(LONGEST_WAIT_SECONDS);
  });
});

it(
  "who gives the little that a slow line carries is no free rider",
  async () => {
    const slow: Line = { ...GIVER, up: GIVER.up / 8 };
    const peers = Array.from({ length: 12 }, (_, at) => (at % 4 === 3 ? slow : GIVER));
    const crowd = { source: GIVER, peers, seed: 1, length: 8 * MIB, latencyMs: LATENCY_MS };
    const { finishedSeconds } = await simulateCrowd(crowd);
    const median = finishedSeconds.toSorted((a, b) => a - b)[peers.length / 2] ?? NaN;
    const slowest = Math.max(...finishedSeconds.filter((_, at) => peers[at] === slow));
    expect(slowest).toBeLessThan(1.25 * median);
  },
  TIMEOUT_MS,
);
