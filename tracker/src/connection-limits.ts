import type { ClientAddress } from "./address.js";
import { KeyedAllowance } from "./allowance.js";
import { MAX_ADDRESSES_REMEMBERED, MAX_SOCKETS, MAX_SOCKETS_PER_ADDRESS, NEW_SOCKETS_PER_SECOND } from "./limits.js";

/** Counts open sockets, in all and per address; plain loopback counts in all only. */
export class ConnectionLimits {
  readonly #open = new Map<string, number>();
  readonly #fresh = new KeyedAllowance(
    { burst: NEW_SOCKETS_PER_SECOND, period: 1000 / NEW_SOCKETS_PER_SECOND },
    MAX_ADDRESSES_REMEMBERED,
  );
  readonly #maxSockets: number;
  #total = 0;

  constructor(maxSockets: number = MAX_SOCKETS) {
    this.#maxSockets = maxSockets;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place for a new socket; false when there is none. `now` in milliseconds. */
  take(address: ClientAddress, now: number): boolean {
    if (this.#total >= this.#maxSockets) return false;
    if (!address.isExempt) {
      const open = this.#open.get(address.group) ?? 0;
      if (open >= MAX_SOCKETS_PER_ADDRESS || !this.#fresh.take(address.group, now)) return false;
      this.#open.set(address.group, open + 1);
    }
    this.#total++;
    return true;
  }

  /** Gives the place of a closed socket back. */
  release(address: ClientAddress): void {
    this.#total--;
    if (address.isExempt) return;
    const open = (this.#open.get(address.group) ?? 1) - 1;
    if (open === 0) this.#open.delete(address.group);
    else this.#open.set(address.group, open);
  }
}
