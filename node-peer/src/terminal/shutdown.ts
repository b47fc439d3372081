import { ShoalError } from "@shoal/peer-core";
import { EXIT } from "../exit-codes.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the first SIGINT, SIGTERM or SIGHUP into an abort of `signal`, the second into the end of the process (130). */
export class Shutdown {
  readonly #controller = new AbortController();
  readonly #listener: () => void;

  constructor(onFirst: () => void) {
    this.#listener = () => {
      if (this.requested) process.exit(EXIT.interrupted);
      onFirst();
      this.#controller.abort(new ShoalError("aborted", "Interrupted"));
    };
    for (const name of SIGNALS) process.on(name, this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get requested(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Does what a signal does: Ctrl-C where the terminal is in raw mode. */
  request(): void {
    this.#listener();
  }

  /** Gives the signals back to Node. */
  dispose(): void {
    for (const name of SIGNALS) process.off(name, this.#listener);
  }
}

/** Settles when `signal` fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
