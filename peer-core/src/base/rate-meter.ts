/**
 * Bytes per second, averaged over about `windowMs`: an exponential average that is right from the first second on,
 * because it divides by the part of the window that has really passed.
 */
export class RateMeter {
  readonly #windowMs: number;
  #startedAt: number | undefined;
  #updatedAt = 0;
  #level = 0;
  #total = 0;

  constructor(windowMs = 3_000) {
    this.#windowMs = windowMs;
  }

  /** Bytes counted since the start. */
  get total(): number {
    return this.#total;
  }

  add(bytes: number, now: number): void {
    this.#startedAt ??= now;
    this.#level = this.#decayed(now) + bytes;
    this.#updatedAt = now;
    this.#total += bytes;
  }

  bytesPerSecond(now: number): number {
    if (this.#startedAt === undefined) return 0;
    // At least a tenth of a second: the first block alone would otherwise count as an infinite rate.
    const elapsedMs = Math.max(now - this.#startedAt, 100);
    const weightMs = this.#windowMs * (1 - Math.exp(-elapsedMs / this.#windowMs));
    const rate = (this.#decayed(now) * 1_000) / weightMs;
    return rate < 1 ? 0 : rate;
  }

  #decayed(now: number): number {
    return this.#level * Math.exp((this.#updatedAt - now) / this.#windowMs);
  }
}
