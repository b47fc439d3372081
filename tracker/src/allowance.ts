/**
 * A token bucket kept in one number (the "generic cell rate algorithm"): the time at which the bucket would be full
 * again. `burst` requests are allowed at once, then one per `period`; the unit of time is the caller's.
 */
export interface Allowance {
  readonly burst: number;
  readonly period: number;
}

/** The next value of the number when a request at `now` is allowed; undefined when it is not. */
export function spend(fullAt: number, now: number, allowance: Allowance): number | undefined {
  const start = Math.max(fullAt, now);
  return start - now > (allowance.burst - 1) * allowance.period ? undefined : start + allowance.period;
}

/**
 * Allowances of many keys, bounded: keys whose bucket is full again are as good as new and forgotten first, then the
 * least recently seen.
 */
export class KeyedAllowance {
  readonly #allowance: Allowance;
  readonly #maxKeys: number;
  readonly #fullAt = new Map<string, number>();

  constructor(allowance: Allowance, maxKeys: number) {
    this.#allowance = allowance;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  /** Spends one request of `key`; false when it has none left. */
  take(key: string, now: number): boolean {
    const fullAt = this.#fullAt.get(key) ?? now;
    const next = spend(fullAt, now, this.#allowance);
    this.#fullAt.delete(key);
    this.#fullAt.set(key, next ?? fullAt);
    this.#forget(now);
    return next !== undefined;
  }

  #forget(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > now && this.#fullAt.size <= this.#maxKeys) return;
      this.#fullAt.delete(key);
    }
  }
}
