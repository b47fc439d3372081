import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.js";

describe("VirtualClock", () => {
  it("stands still until it is advanced and then stops exactly there", async () => {
    const clock = new VirtualClock(1000);
    expect(clock.now()).toBe(1000);
    await clock.advance(250);
    expect(clock.now()).toBe(1250);
  });

  it("runs timers by time, and in order of scheduling at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.nat(20), isCancelled: fc.boolean() }), { maxLength: 300 }),
        async (plans) => {
          const clock = new VirtualClock();
          const ran: number[] = [];
          const timers = plans.map(({ delay }, index) => clock.schedule(delay, () => ran.push(index)));
          plans.forEach(({ isCancelled }, index) => {
            if (isCancelled) timers[index]?.cancel();
          });
          const expected = plans
            .map((plan, index) => ({ ...plan, index }))
            .filter((plan) => !plan.isCancelled)
            .sort((a, b) => a.delay - b.delay || a.index - b.index)
            .map((plan) => plan.index);
          expect(clock.pendingTimers).toBe(expected.length);
          await clock.advance(20);
          expect(ran).toEqual(expected);
          expect(clock.pendingTimers).toBe(0);
        },
      ),
    );
  });

  it("runs timers that timers schedule when they are due in time", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.now());
      clock.schedule(10, again);
    };
    clock.schedule(10, again);
    await clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
  });

  it("lets long chains of promises finish before the next timer, even one that is due at once", async () => {
    const clock = new VirtualClock();
    const trace: string[] = [];
    clock.schedule(1, () => {
      clock.schedule(0, () => trace.push("next"));
      void (async () => {
        for (let i = 0; i < 1000; i++) await Promise.resolve();
        trace.push("chain");
      })();
    });
    await clock.advance(1);
    expect(trace).toEqual(["chain", "next"]);
  });

  it("cancels harmlessly before, while and after a timer runs", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const timer = clock.schedule(1, () => {
      runs++;
      timer.cancel();
    });
    await clock.advance(1);
    timer.cancel();
    await clock.advance(10);
    expect(runs).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("runs until a predicate holds, and says when it never does", async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = (): void => {
      count++;
      clock.schedule(5, tick);
    };
    clock.schedule(5, tick);
    expect(await clock.runUntil(() => count === 3, 1000)).toBe(true);
    expect(clock.now()).toBe(15);
    expect(await clock.runUntil(() => false, 100)).toBe(false);
    expect(clock.now()).toBe(115);
  });

  it("rejects with what a timer throws and can be moved again", async () => {
    const clock = new VirtualClock();
    clock.schedule(1, () => {
      throw new Error("boom");
    });
    await expect(clock.advance(5)).rejects.toThrow("boom");
    await clock.advance(5);
    expect(clock.now()).toBe(6);
  });

  it("settles a promise by letting time run, and says so when nothing is left that could", async () => {
    const clock = new VirtualClock();
    const later = new Promise<string>((resolve) => void clock.schedule(500, () => resolve("done")));
    expect(await clock.settle(later)).toBe("done");
    expect(clock.now()).toBe(500);
    await expect(clock.settle(Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(clock.settle(new Promise(() => undefined))).rejects.toThrow("Nothing settled");
  });
});
