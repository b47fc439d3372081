import { RateMeter } from "../../base/rate-meter.js";
import { QUEUE_MS } from "../../peer/request-window.js";

/** Full lines need no longer queue than bridges the pauses of the peers' processes … */
const LEAST_MS = 30;
/** … and beyond this their own requests to us would be late. */
const MOST_MS = 300;
/** Of the best rate seen lately: from here on our line counts as full. */
const FULL_PART = 0.95;
const STEP_MS = 100;
const DEEPER_MS = 4;
const SHALLOWER = 0.95;
/** Short enough to notice within a few steps that the line is not full. */
const RATE_WINDOW_MS = 500;
/** How long the best rate takes to be forgotten, by a factor of e. */
const BEST_KEPT_MS = 20_000;

/**
 * How long requests may wait at peers that are asked together, by whether our line is full: as little as keeps it full.
 *
 * With one depth for all, who is asked much has its requests and acknowledgements wait behind what it sends; its windows
 * shrink by its own queue, and it starves. Who is asked little fills the queue before its line until frames are lost, those
 * of its partners' requests, too, so that it is asked even less. Who is not full asks deeper, who is full less deep: both meet.
 */
export class QueueDepth {
  readonly #meter = new RateMeter(RATE_WINDOW_MS);
  #ms = QUEUE_MS;
  #steps = 0;
  #best = 0;
  #steppedAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds that requests may wait. */
  get ms(): number {
    return this.#ms;
  }

  /** How often the depth has been looked at anew: each download that shares the line asks by it from then on. */
  get steps(): number {
    return this.#steps;
  }

  /** Bytes have come over the line. */
  add(bytes: number, now: number): void {
    this.#meter.add(bytes, now);
    const sinceMs = now - this.#steppedAt;
    if (sinceMs < STEP_MS) return;
    this.#steppedAt = now;
    this.#steps++;
    const rate = this.#meter.bytesPerSecond(now);
    this.#best = Math.max(this.#best * Math.exp(-sinceMs / BEST_KEPT_MS), rate);
    const isFull = rate >= FULL_PART * this.#best;
    this.#ms = isFull ? Math.max(LEAST_MS, this.#ms * SHALLOWER) : Math.min(MOST_MS, this.#ms + DEEPER_MS);
  }
}
