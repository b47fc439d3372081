import type { Clock } from "../src/ports/runtime.js";
import type { SeededRandom } from "./seeded-random.js";

/** A lost packet costs its timeout and the way again: so many round trips, at least the floor of TCP's timer. */
const RETRANSMISSION_ROUND_TRIPS = 2;
const MIN_RETRANSMISSION_MS = 200;

export interface MemoryLineOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** One way. */
  readonly latencyMs: number;
  /** Probability that an item has to be sent again. */
  readonly loss: number;
}

/** One direction of a link: items arrive after the latency, in order, later when they were lost on the way. */
export class MemoryLine<T> {
  readonly #options: MemoryLineOptions;
  readonly #onArrival: (item: T) => void;
  readonly #underWay: T[] = [];
  #lastArrivalAt = 0;
  #isBlocked = false;
  #stranded = 0;

  constructor(options: MemoryLineOptions, onArrival: (item: T) => void) {
    this.#options = options;
    this.#onArrival = onArrival;
  }

  get latencyMs(): number {
    return this.#options.latencyMs;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Sends an item; may call `onArrival` at once where there is no latency. */
  push(item: T): void {
    const { clock } = this.#options;
    const now = clock.now();
    const arrivalAt = Math.max(now + this.#options.latencyMs + this.#retransmissionMs(), this.#lastArrivalAt);
    this.#lastArrivalAt = arrivalAt;
    this.#underWay.push(item);
    if (arrivalAt === now && this.#underWay.length === 1) this.#arrive();
    else clock.schedule(arrivalAt - now, this.#arrive);
  }

  /** While blocked nothing arrives; what was on its way does after the block, as TCP would have it. */
  setBlocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    if (isBlocked) return;
    for (; this.#stranded > 0; this.#stranded--) this.#options.clock.schedule(this.#options.latencyMs, this.#arrive);
  }

  readonly #arrive = (): void => {
    if (this.#isBlocked) {
      this.#stranded++;
      return;
    }
    const item = this.#underWay.shift();
    if (item !== undefined) this.#onArrival(item);
  };

  #retransmissionMs(): number {
    const { loss, random, latencyMs } = this.#options;
    let extra = 0;
    while (loss > 0 && random.float() < loss) {
      extra += Math.max(MIN_RETRANSMISSION_MS, RETRANSMISSION_ROUND_TRIPS * 2 * latencyMs);
    }
    return extra;
  }
}
