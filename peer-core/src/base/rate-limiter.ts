/**
 * A token bucket with debt: something may be spent while the balance is above zero, so a block larger than the balance
 * still passes and is paid back. Holds one second of its rate. A limiter with a parent obeys both.
 */
export class RateLimiter {
  readonly #parent: RateLimiter | undefined;
  #bytesPerSecond: number;
  #balance: number;
  #updatedAt: number | undefined;

  /** `bytesPerSecond` 0 means no limit. */
  constructor(bytesPerSecond: number, parent?: RateLimiter) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#balance = bytesPerSecond;
    this.#parent = parent;
  }

  setRate(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#balance = Math.min(this.#balance, bytesPerSecond);
  }

  /** Bytes that may be spent now; infinite without a limit, 0 or less while in debt. */
  available(now: number): number {
    const parents = this.#parent?.available(now) ?? Number.POSITIVE_INFINITY;
    if (this.#bytesPerSecond === 0) return parents;
    this.#refill(now);
    return Math.min(this.#balance, parents);
  }

  /** Milliseconds until `bytes` (or a second's worth, if that is less) are available. */
  waitMs(bytes: number, now: number): number {
    const parentMs = this.#parent?.waitMs(bytes, now) ?? 0;
    if (this.#bytesPerSecond === 0) return parentMs;
    this.#refill(now);
    const lacking = Math.min(bytes, this.#bytesPerSecond) - this.#balance;
    return Math.max(parentMs, lacking <= 0 ? 0 : Math.ceil((lacking * 1_000) / this.#bytesPerSecond));
  }

  spend(bytes: number, now: number): void {
    this.#parent?.spend(bytes, now);
    if (this.#bytesPerSecond === 0) return;
    this.#refill(now);
    this.#balance -= bytes;
  }

  /** Gives back what was spent on something that did not happen. */
  refund(bytes: number): void {
    this.#parent?.refund(bytes);
    if (this.#bytesPerSecond !== 0) this.#balance = Math.min(this.#balance + bytes, this.#bytesPerSecond);
  }

  #refill(now: number): void {
    const elapsedMs = now - (this.#updatedAt ?? now);
    this.#updatedAt = now;
    this.#balance = Math.min(this.#balance + (elapsedMs * this.#bytesPerSecond) / 1_000, this.#bytesPerSecond);
  }
}
