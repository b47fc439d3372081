import { describe, expect, it } from "vitest";
import { createSystemClock } from "./system-clock.js";

describe("createSystemClock", () => {
  it("calls after the delay, never early and never synchronously", async () => {
    const clock = createSystemClock();
    for (const delayMs of [-5, 0, 0.3, 1, 2.7, 15]) {
      const startedAt = clock.now();
      let isSynchronous = true;
      await new Promise<void>((resolve) => {
        clock.schedule(delayMs, () => {
          expect(isSynchronous).toBe(false);
          resolve();
        });
        isSynchronous = false;
      });
      expect(clock.now() - startedAt).toBeGreaterThanOrEqual(delayMs);
    }
  });

  it("cancels before and after, also delays longer than platforms count", async () => {
    const clock = createSystemClock();
    let isCalled = false;
    const timers = [5, 2 ** 31 + 10, 2 ** 40].map((delayMs) => clock.schedule(delayMs, () => (isCalled = true)));
    timers[0]?.cancel();
    const ran = await new Promise((resolve) => clock.schedule(10, () => resolve(isCalled)));
    expect(ran).toBe(false);
    for (const timer of timers) timer.cancel();
  });
});
