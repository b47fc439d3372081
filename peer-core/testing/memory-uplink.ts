import type { Clock } from "../src/ports/runtime.js";

/** One end of a link as its host's uplink sees it. */
export interface UplinkSender {
  /** True while there is something to send and the link has room for it. */
  readonly isReady: boolean;
  /** Takes the next bytes off the queue (all that may go when the uplink has no limit) and returns how many. */
  take(): number;
  /** What was taken has left: put it on its way. */
  sent(): void;
}

/**
 * A host's way out: one sender's bytes at a time at `bytesPerSecond`, the senders in turn, so that all links share it
 * fairly. Without a limit everything leaves at once. Never calls a sender from within `wake`.
 */
export class MemoryUplink {
  bytesPerSecond: number;
  readonly #clock: Clock;
  readonly #turn: UplinkSender[] = [];
  readonly #waiting = new Set<UplinkSender>();
  #isBusy = false;
  #sending: UplinkSender | undefined;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Gives `sender` a turn if it is ready and has none yet. */
  wake(sender: UplinkSender): void {
    if (!sender.isReady || this.#waiting.has(sender)) return;
    this.#waiting.add(sender);
    this.#turn.push(sender);
    if (this.#isBusy) return;
    this.#isBusy = true;
    // Not at once: what is sent in the same instant leaves together.
    this.#clock.schedule(0, this.#next);
  }

  readonly #next = (): void => {
    for (;;) {
      const sender = this.#shift();
      if (sender === undefined) {
        this.#isBusy = false;
        return;
      }
      if (!sender.isReady) continue;
      const bytes = sender.take();
      if (bytes > 0 && this.bytesPerSecond !== Infinity) {
        this.#sending = sender;
        this.#clock.schedule((bytes * 1000) / this.bytesPerSecond, this.#done);
        return;
      }
      this.#finish(sender);
    }
  };

  readonly #done = (): void => {
    const sender = this.#sending;
    this.#sending = undefined;
    if (sender !== undefined) this.#finish(sender);
    this.#next();
  };

  #finish(sender: UplinkSender): void {
    sender.sent();
    this.wake(sender);
  }

  #shift(): UplinkSender | undefined {
    const sender = this.#turn.shift();
    if (sender !== undefined) this.#waiting.delete(sender);
    return sender;
  }
}
