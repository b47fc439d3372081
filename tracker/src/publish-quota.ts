import type { ClientAddress } from "./address.js";
import { MAX_ADDRESSES_REMEMBERED, MAX_ENTRIES_PER_DAY } from "./limits.js";

const DAY_MS = 86_400_000;

/** Counts new entries per address and day; plain loopback is not counted. Times in milliseconds. */
export class PublishQuota {
  readonly #used = new Map<string, { day: number; count: number }>();

  /** True when the address may add one more today. */
  has(from: ClientAddress, now: number): boolean {
    if (from.isExempt) return true;
    const used = this.#used.get(from.group);
    return used?.day !== dayOf(now) || used.count < MAX_ENTRIES_PER_DAY;
  }

  /** Counts one new entry. */
  spend(from: ClientAddress, now: number): void {
    if (from.isExempt) return;
    const day = dayOf(now);
    const used = this.#used.get(from.group);
    this.#used.delete(from.group);
    this.#used.set(from.group, { day, count: used?.day === day ? used.count + 1 : 1 });
    for (const [oldest, { day: lastDay }] of this.#used) {
      if (lastDay === day && this.#used.size <= MAX_ADDRESSES_REMEMBERED) break;
      this.#used.delete(oldest);
    }
  }
}

function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}
