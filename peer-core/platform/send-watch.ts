/** A few 64 KiB blocks, so that the socket never runs dry between a drain and the next send. */
export const DRAIN_BYTES = 256 * 1024;

/** Who takes nothing while this much waits has stopped reading. */
const GIVE_UP_BYTES = 4 * 1024 * 1024;
const STALL_MS = 30_000;

export interface SendWatchOptions {
  /** Bytes handed to the socket that have not left the process. */
  readonly queuedBytes: () => number;
  /** This long without a byte leaving while some wait, and the link counts as lost; 30 s when left out. */
  readonly stallMs?: number | undefined;
  readonly onDrain: () => void;
  /** The other side has stopped reading; told once per watch. */
  readonly onLost: (message: string) => void;
}

/** Watches a socket's queue for a Connection: says when it has drained, and when nothing leaves any more. */
export class SendWatch {
  readonly #options: SendWatchOptions;
  readonly #stallMs: number;
  #isAboveDrain = false;
  #sentBytes = 0;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: SendWatchOptions) {
    this.#options = options;
    this.#stallMs = options.stallMs ?? STALL_MS;
  }

  /** True while somebody waits for a drain. */
  get isAboveDrain(): boolean {
    return this.#isAboveDrain;
  }

  /** `bytes` more have been handed to the socket. */
  noteSent(bytes: number): void {
    this.#sentBytes += bytes;
    const queuedBytes = this.#options.queuedBytes();
    if (queuedBytes === 0 || this.#stopped) return;
    this.#stallTimer ??= this.#startStallTimer();
    if (queuedBytes <= DRAIN_BYTES) return;
    this.#isAboveDrain = true;
    if (queuedBytes > GIVE_UP_BYTES) this.#lose("More than 4 MiB wait to be sent");
  }

  /** Something may have left. */
  check(): void {
    if (!this.#isAboveDrain || this.#options.queuedBytes() > DRAIN_BYTES) return;
    this.#isAboveDrain = false;
    this.#options.onDrain();
  }

  /** Nothing is told after this. */
  stop(): void {
    this.#stopped = true;
    this.#isAboveDrain = false;
    clearTimeout(this.#stallTimer);
  }

  #startStallTimer(): ReturnType<typeof setTimeout> {
    const leftBefore = this.#sentBytes - this.#options.queuedBytes();
    return setTimeout(() => {
      this.#stallTimer = undefined;
      const queuedBytes = this.#options.queuedBytes();
      if (queuedBytes === 0) return;
      if (this.#sentBytes - queuedBytes > leftBefore) this.#stallTimer = this.#startStallTimer();
      else this.#lose(`Nothing has left for ${this.#stallMs / 1000} s`);
    }, this.#stallMs);
  }

  #lose(message: string): void {
    this.stop();
    this.#options.onLost(message);
  }
}
