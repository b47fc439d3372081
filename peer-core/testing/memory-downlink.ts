import type { Clock } from "../src/ports/runtime.js";

/** What comes through sooner than this is passed on at once: most messages are small, and a timer for each costs more. */
const UNNOTICED_MS = 1;

/** A host's way in: whatever arrives queues for it and is passed on at `bytesPerSecond`, first come, first served. */
export class MemoryDownlink {
  bytesPerSecond: number;
  /** Links that have bytes on their way to this host: they share it, which bounds what each may have in flight. */
  activeLinks = 0;
  readonly #clock: Clock;
  #freeAt = 0;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Calls `deliver` when `bytes` have come through: at once without a limit. */
  receive(bytes: number, deliver: () => void): void {
    const now = this.#clock.now();
    const isIdle = this.#freeAt <= now;
    const takesMs = (bytes * 1000) / this.bytesPerSecond;
    this.#freeAt = Math.max(now, this.#freeAt) + takesMs;
    if (isIdle && takesMs <= UNNOTICED_MS) {
      deliver();
      return;
    }
    this.#clock.schedule(this.#freeAt - now, deliver);
  }
}
