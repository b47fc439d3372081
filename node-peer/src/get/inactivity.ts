/** Calls `onExpired` once after `timeoutMs` without a `touch`; 0 waits for ever. */
export class Inactivity {
  readonly #timeoutMs: number;
  readonly #onExpired: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, onExpired: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
    this.touch();
  }

  /** Something came: the wait begins anew. */
  touch(): void {
    if (this.#timer) this.#timer.refresh();
    else if (this.#timeoutMs > 0) this.#timer = setTimeout(this.#onExpired, Math.min(this.#timeoutMs, MAX_TIMER_MS));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Node runs longer timers at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
