import type { PieceIndex } from "../../base/ids.js";
import type { Clock } from "../../ports/runtime.js";

export interface ComplaintsOptions {
  readonly clock: Clock;
  /** Reads and hashes a piece, and drops it when it is bad. */
  readonly recheck: (piece: PieceIndex) => Promise<unknown>;
  readonly onFailed: (error: unknown) => void;
}

/** A piece that is blamed again within this time is not hashed again: complaints cost us more than those who make them. */
const PAUSE_MS = 60_000;
const MAX_REMEMBERED = 1_024;
/** Blamed pieces that wait to be hashed, one after the other. */
const MAX_WAITING = 16;

/** Others say that pieces of ours are bad: each is looked at again, within bounds. */
export class Complaints {
  readonly #options: ComplaintsOptions;
  readonly #checkedAt = new Map<number, number>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stopped = false;

  constructor(options: ComplaintsOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  add(piece: PieceIndex): void {
    const { clock, recheck, onFailed } = this.#options;
    const now = clock.now();
    const checkedAt = this.#checkedAt.get(piece);
    if (this.#waiting >= MAX_WAITING || (checkedAt !== undefined && now - checkedAt < PAUSE_MS)) return;
    if (this.#checkedAt.size >= MAX_REMEMBERED) this.#checkedAt.clear();
    this.#checkedAt.set(piece, now);
    this.#waiting++;
    this.#queue = this.#queue
      .then(() => (this.#stopped ? undefined : recheck(piece)))
      .catch(onFailed)
      .finally(() => this.#waiting--);
  }
}
