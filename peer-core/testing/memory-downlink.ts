import type { Clock } from "../src/ports/runtime.js";

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
    if (isIdle && (bytes === 0 || this.bytesPerSecond === Infinity)) {
      deliver();
      return;
    }
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes * 1000) / this.bytesPerSecond;
    this.#clock.schedule(this.#freeAt - now, deliver);
  }
}
