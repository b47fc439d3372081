import { describe, expect, it } from "vitest";
import { RateMeter } from "./rate-meter.js";

/** Adds `bytes` ten times a second for `seconds`; returns when that ended. */
function flow(meter: RateMeter, bytes: number, seconds: number, from = 0): number {
  for (let step = 0; step < seconds * 10; step++) meter.add(bytes, from + step * 100);
  return from + seconds * 1_000;
}

describe("RateMeter", () => {
  it("is zero before anything came", () => {
    const meter = new RateMeter();
    expect([meter.bytesPerSecond(1_000), meter.total]).toEqual([0, 0]);
  });

  it.each([1, 5, 60])("measures a steady flow within a tenth after %d s", (seconds) => {
    const meter = new RateMeter();
    const now = flow(meter, 1_000, seconds);
    expect(meter.bytesPerSecond(now)).toBeGreaterThan(9_000);
    expect(meter.bytesPerSecond(now)).toBeLessThan(11_500);
    expect(meter.total).toBe(seconds * 10_000);
  });

  it("does not take the first block for an infinite rate", () => {
    const meter = new RateMeter();
    meter.add(1_000, 5_000);
    expect(meter.bytesPerSecond(5_000)).toBeLessThanOrEqual(11_000);
  });

  it("forgets within a few windows, down to exactly zero", () => {
    const meter = new RateMeter(3_000);
    const now = flow(meter, 1_000, 10);
    expect(meter.bytesPerSecond(now + 3_000)).toBeLessThan(5_000);
    expect(meter.bytesPerSecond(now + 60_000)).toBe(0);
    expect(meter.total).toBe(100_000);
  });

  it("follows a change", () => {
    const meter = new RateMeter(3_000);
    const changed = flow(meter, 1_000, 20);
    const now = flow(meter, 100, 20, changed);
    expect(meter.bytesPerSecond(now)).toBeGreaterThan(900);
    expect(meter.bytesPerSecond(now)).toBeLessThan(1_300);
  });
});
