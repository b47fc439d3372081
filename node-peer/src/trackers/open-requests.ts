import { ShoalError } from "@shoal/peer-core";
import { trackerError } from "./tracker-refusal.js";

/** A tracker that is slow to take a farewell may not hold up the exit for longer. */
const CLOSE_MS = 1_000;

/** The requests of one channel that are under way: given up by their caller, when they take too long, or at the end. */
export class OpenRequests {
  readonly #label: string;
  readonly #closing = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(label: string) {
    this.#label = label;
  }

  /** Runs one request. Rejects with ShoalError("tracker") for whatever it throws, ShoalError("aborted") when `signal` fires. */
  async run<T>(signal: AbortSignal, timeoutMs: number, work: (ending: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw this.#error("was closed");
    throwIfAborted(signal);
    const timeout = AbortSignal.timeout(timeoutMs);
    const running = work(AbortSignal.any([signal, timeout, this.#closing.signal]));
    this.#open.add(running);
    try {
      return await running;
    } catch (error) {
      throwIfAborted(signal);
      if (this.#closing.signal.aborted) throw this.#error("was closed");
      if (timeout.aborted) throw this.#error(`did not answer within ${timeoutMs / 1000} s`);
      throw trackerError(this.#label, error);
    } finally {
      this.#open.delete(running);
    }
  }

  /** Resolves when what is under way has ended, or was ended after a second; later requests are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const limit = setTimeout(() => this.#closing.abort(), CLOSE_MS);
    await Promise.allSettled([...this.#open]);
    clearTimeout(limit);
  }

  #error(what: string): ShoalError {
    return trackerError(this.#label, new ShoalError("tracker", what));
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ShoalError("aborted", "The announce was given up");
}
