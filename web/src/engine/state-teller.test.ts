import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StateTeller } from "./state-teller.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells what changes by itself twice a second at most, and a change of kind at once", async () => {
  let told = 0;
  const teller = new StateTeller(() => told++);
  for (let ms = 0; ms < 2_000; ms += 10) {
    teller.soon();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(told).toBe(4);
  teller.atOnce();
  teller.atOnce();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toBe(5);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toBe(5);
});
