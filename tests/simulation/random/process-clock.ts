import type { Clock, Timer } from "@shoal/peer-core";
import type { VirtualClock } from "@shoal/peer-core/testing";

interface HeldTimer extends Timer {
  run: (() => void) | undefined;
}

const NO_TIMER: Timer = { cancel: () => undefined };

/** The clock of one process on the virtual clock: it can be stopped, as by SIGSTOP, and dies with all its timers. */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #pending = new Set<Timer>();
  /** Timers that fell due while the process was stopped. */
  readonly #overdue = new Set<HeldTimer>();
  #state: "running" | "stopped" | "dead" = "running";

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  get isStopped(): boolean {
    return this.#state === "stopped";
  }

  /** Timers of this process that are still to run. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#clock.now();
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (this.#state === "dead") return NO_TIMER;
    const timer = this.#clock.schedule(delayMs, () => {
      if (this.#state === "stopped") {
        held.run = run;
        this.#overdue.add(held);
        return;
      }
      this.#pending.delete(held);
      run();
    });
    const held: HeldTimer = {
      run: undefined,
      cancel: () => {
        timer.cancel();
        this.#pending.delete(held);
        this.#overdue.delete(held);
      },
    };
    this.#pending.add(held);
    return held;
  }

  /** Nothing runs until `goOn`. */
  stop(): void {
    if (this.#state === "running") this.#state = "stopped";
  }

  /** What fell due meanwhile runs now, in its order. */
  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "running";
    this.#clock.schedule(0, () => {
      for (const timer of this.#overdue) {
        if (!this.#overdue.delete(timer)) continue;
        this.#pending.delete(timer);
        timer.run?.();
      }
    });
  }

  /** Nothing of this process ever runs again. */
  kill(): void {
    this.#state = "dead";
    for (const timer of [...this.#pending]) timer.cancel();
  }
}
