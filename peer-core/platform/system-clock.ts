import type { Clock, Timer } from "../src/ports/runtime.js";

/** Longer delays overflow to 1 ms in every platform's timers. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's monotonic clock and timers. */
export function createSystemClock(): Clock {
  return { now: () => performance.now(), schedule };
}

function schedule(delayMs: number, run: () => void): Timer {
  const dueAt = performance.now() + delayMs;
  const wait = (): ReturnType<typeof setTimeout> =>
    setTimeout(
      () => {
        // Timers count whole milliseconds and may fire a fraction early; long delays are waited for in parts.
        if (performance.now() < dueAt) handle = wait();
        else run();
      },
      Math.min(MAX_DELAY_MS, Math.max(0, Math.ceil(dueAt - performance.now()))),
    );
  let handle = wait();
  return { cancel: () => clearTimeout(handle) };
}
