import { invariant } from "../src/base/invariant.js";
import type { Clock, Timer } from "../src/ports/runtime.js";
import { VirtualTimerHeap } from "./virtual-timer-heap.js";

/** Timers run between two turns of the real event loop, so that a runner's own time limit can end an endless simulation. */
const TIMERS_PER_TURN = 10_000;
/** Cheaper than `queueMicrotask`, which makes an object for those who watch what is asynchronous. */
const NEXT_MICROTASK = Promise.resolve();

/**
 * A clock that stands still until it is told to move. Timers run in (time, order of scheduling), and every microtask that
 * one of them causes has run before the next starts, so a simulation whose hashes and stores settle on microtasks is
 * deterministic. What a timer throws rejects the call that moved the clock.
 */
export class VirtualClock implements Clock {
  readonly #heap = new VirtualTimerHeap();
  #now: number;
  #timersRun = 0;
  #isMoving = false;

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => void): Timer {
    return this.#heap.add(this.#now + (delayMs > 0 ? delayMs : 0), run);
  }

  /** Timers that are still to run. */
  get pendingTimers(): number {
    return this.#heap.size;
  }

  /** Timers run so far: the cost of a simulation. */
  get timersRun(): number {
    return this.#timersRun;
  }

  /** Runs all timers of the next `ms` milliseconds, those scheduled meanwhile included, and stops exactly there. */
  async advance(ms: number): Promise<void> {
    await this.#move(this.#now + ms, undefined);
  }

  /**
   * Runs timers until `predicate` holds (it is asked before each): true. False when it still does not hold after
   * `limitMs`, or earlier when no timer is left that could change anything.
   */
  async runUntil(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return this.#move(this.#now + limitMs, predicate);
  }

  /**
   * Waits for `promise` while time runs: resolves or rejects as it does; throws when it has not settled after `limitMs`
   * or when no timer is left.
   */
  async settle<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    // The rejection is reported by the return below; here it must only not count as unhandled meanwhile.
    settled.catch(() => undefined);
    const inTime = await this.runUntil(() => isSettled, limitMs);
    if (!inTime)
      throw new Error(`Nothing settled within ${limitMs} ms of virtual time; ${this.pendingTimers} timers wait`);
    return settled;
  }

  #move(untilMs: number, predicate: (() => boolean) | undefined): Promise<boolean> {
    invariant(!this.#isMoving, "only one call at a time may move the virtual clock");
    this.#isMoving = true;
    return new Promise<boolean>((resolve, reject) => {
      const step = (): void => {
        let holds: boolean | undefined;
        try {
          holds = this.#step(untilMs, predicate);
        } catch (error) {
          this.#isMoving = false;
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (holds === undefined) {
          if (this.#timersRun % TIMERS_PER_TURN === 0) setImmediate(step);
          else void NEXT_MICROTASK.then(afterMicrotasks);
        } else {
          this.#isMoving = false;
          resolve(holds);
        }
      };
      // Node runs a tick only when no microtask is left: the cheapest complete and deterministic drain there is.
      const afterMicrotasks = (): void => process.nextTick(step);
      void NEXT_MICROTASK.then(afterMicrotasks);
    });
  }

  /** Runs one timer: undefined. Otherwise whether the predicate holds. */
  #step(untilMs: number, predicate: (() => boolean) | undefined): boolean | undefined {
    if (predicate?.() === true) return true;
    if (this.#runNext(untilMs)) return undefined;
    // With a predicate the clock may as well stop where nothing is left to happen.
    if (predicate === undefined || this.#heap.size > 0) this.#now = untilMs;
    return false;
  }

  #runNext(untilMs: number): boolean {
    const timer = this.#heap.popDue(untilMs);
    const run = timer?.run;
    if (timer === undefined || run === undefined) return false;
    timer.run = undefined;
    if (timer.time > this.#now) this.#now = timer.time;
    this.#timersRun++;
    run();
    return true;
  }
}
