import { UNIT_BYTES } from "../torrent/geometry.js";

/** What waits in a socket leaves within about this time: so long a request or a choke behind it waits at most. */
const HOLD_MS = 3_000;
/** While nothing is known of the line: where adapters tell that there is room again, so that a fast line is kept busy. */
const FIRST_BYTES = 256 * 1024;
/** However slow the line is, a block may wait. */
const LEAST_BYTES = UNIT_BYTES;

/**
 * How many bytes may wait in one socket: what has left it within a few seconds lately, and never less than a block. On a
 * fast line it doubles with every buffer that has left, up to the limit that it is given, within milliseconds; only a line
 * that was busy all the time and moved little makes it smaller.
 */
export class SendBudget {
  #bytes = FIRST_BYTES;
  #handed = 0;
  /** Since when, and from how many bytes that had left on, is measured. */
  #since = 0;
  #leftBefore = 0;
  #wasIdle = true;

  /** Bytes have been handed to the socket. */
  add(bytes: number): void {
    this.#handed += bytes;
  }

  /** Bytes that may wait now, at most `most`; `queuedBytes` wait. To be asked whenever there is something to send. */
  bytes(now: number, queuedBytes: number, most: number): number {
    const left = this.#handed - queuedBytes;
    const gone = left - this.#leftBefore;
    const sinceMs = Math.max(1, now - this.#since);
    if (queuedBytes === 0) this.#wasIdle = true;
    if (gone >= this.#bytes || sinceMs >= HOLD_MS) {
      const inTime = (gone * HOLD_MS) / sinceMs;
      if (sinceMs < HOLD_MS) this.#bytes = Math.max(2 * this.#bytes, inTime);
      else if (!this.#wasIdle || inTime > this.#bytes) this.#bytes = inTime;
      this.#bytes = Math.max(LEAST_BYTES, Math.min(most, this.#bytes));
      this.#since = now;
      this.#leftBefore = left;
      this.#wasIdle = queuedBytes === 0;
    }
    return Math.min(most, this.#bytes);
  }
}
