import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.js";

describe("seededRandom", () => {
  it("repeats exactly for the same seed and differs for another", () => {
    const draw = (seed: number): unknown[] => {
      const random = seededRandom(seed);
      return [
        random.float(),
        random.int(1000),
        [...random.bytes(16)],
        random.pick(["a", "b", "c"]),
        random.fork().float(),
      ];
    };
    expect(draw(42)).toEqual(draw(42));
    expect(draw(42)).not.toEqual(draw(43));
    expect(draw(2 ** 40)).not.toEqual(draw(0));
  });

  it("spreads evenly over its range", () => {
    const random = seededRandom(7);
    let sum = 0;
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const at = random.int(10);
      counts[at] = (counts[at] ?? 0) + 1;
      sum += random.float();
    }
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.01);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
