/** At most twice a second, unless a kind of state changes. */
const INTERVAL_MS = 500;

/** Tells the state: at once when asked to, otherwise in step with a slow clock, and not at all while nothing changes. */
export class StateTeller {
  readonly #tell: () => void;
  #isPending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** Once what happens now is over. */
  atOnce(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    queueMicrotask(() => this.#now());
  }

  soon(): void {
    this.#timer ??= setTimeout(() => this.#now(), INTERVAL_MS);
  }

  #now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isPending = false;
    this.#tell();
  }
}
