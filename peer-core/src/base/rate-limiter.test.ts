import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.js";

describe("RateLimiter", () => {
  it("without a limit lets everything pass", () => {
    const limiter = new RateLimiter(0);
    limiter.spend(1e12, 0);
    expect([limiter.available(0), limiter.waitMs(1e9, 0)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it("holds one second of its rate and no more", () => {
    const limiter = new RateLimiter(1_000);
    expect(limiter.available(0)).toBe(1_000);
    limiter.spend(1_000, 0);
    expect([limiter.available(0), limiter.available(250), limiter.available(60_000)]).toEqual([0, 250, 1_000]);
  });

  it("lets a large block pass and has it paid back", () => {
    const limiter = new RateLimiter(1_000);
    limiter.spend(3_000, 0);
    expect(limiter.available(1_000)).toBe(-1_000);
    expect(limiter.waitMs(1, 1_000)).toBe(1_001);
    expect(limiter.available(2_500)).toBe(500);
  });

  it("waits for a second's worth at most", () => {
    const limiter = new RateLimiter(100);
    limiter.spend(100, 0);
    expect([limiter.waitMs(50, 0), limiter.waitMs(16_384, 0)]).toEqual([500, 1_000]);
    expect(limiter.waitMs(50, 600)).toBe(0);
  });

  it("gives back what was not used, up to a second's worth", () => {
    const limiter = new RateLimiter(1_000);
    limiter.spend(400, 0);
    limiter.refund(300);
    expect(limiter.available(0)).toBe(900);
    limiter.refund(5_000);
    expect(limiter.available(0)).toBe(1_000);
  });

  it("obeys its parent, which all its children share", () => {
    const parent = new RateLimiter(1_000);
    const [first, second] = [new RateLimiter(0, parent), new RateLimiter(300, parent)];
    first.spend(900, 0);
    expect([first.available(0), second.available(0)]).toEqual([100, 100]);
    second.spend(300, 0);
    expect([second.waitMs(100, 0), first.waitMs(100, 0)]).toEqual([334, 300]);
    second.refund(300);
    expect(first.available(0)).toBe(100);
  });

  it("takes a new rate at once", () => {
    const limiter = new RateLimiter(1_000);
    limiter.setRate(10);
    expect(limiter.available(0)).toBe(10);
    limiter.setRate(0);
    expect(limiter.available(0)).toBe(Number.POSITIVE_INFINITY);
    limiter.spend(50, 0);
    limiter.setRate(100);
    expect(limiter.available(0)).toBeLessThanOrEqual(100);
  });

  it("never lets more than its rate pass over time, but for the first second and one block", () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 500 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.array(step, { maxLength: 100 }), (rate, steps) => {
        const limiter = new RateLimiter(rate);
        let now = 0;
        let passed = 0;
        for (const [ms, bytes] of steps) {
          now += ms;
          if (limiter.available(now) <= 0) continue;
          limiter.spend(bytes, now);
          passed += bytes;
        }
        expect(passed).toBeLessThanOrEqual(rate + (now * rate) / 1_000 + 500 + 1e-6);
      }),
    );
  });
});
