import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.js";

describe("backoffMs", () => {
  it("doubles its ceiling with every failure up to the longest", () => {
    const ceilings = [1, 2, 3, 4, 5, 1_000].map((failures) => backoffMs(failures, { float: () => 1 }, 100, 1_000));
    expect(ceilings).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("never waits less than a tenth of it", () => {
    expect(backoffMs(4, { float: () => 0 }, 100, 1_000)).toBe(80);
  });
});
