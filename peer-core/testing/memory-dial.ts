import { ShoalError } from "../src/base/errors.js";
import type { Connection } from "../src/ports/connection.js";
import type { Clock } from "../src/ports/runtime.js";
import type { MemoryLinkEnd } from "./memory-link.js";

/** As the real dialer's. */
const DIAL_TIMEOUT_MS = 15_000;

type Settlement = { readonly end: MemoryLinkEnd } | { readonly error: ShoalError };

/** A dial under way on a `MemoryNetwork`: settles once, by what the network does, the timeout or the signal. */
export class MemoryDial {
  readonly promise: Promise<Connection>;
  readonly #address: string;
  readonly #finish: (settlement: Settlement) => void;
  #opened: MemoryLinkEnd | undefined;
  #isSettled = false;

  constructor(clock: Clock, address: string, signal: AbortSignal) {
    this.#address = address;
    const timeout = clock.schedule(DIAL_TIMEOUT_MS, () => this.fail("no answer within 15 s"));
    const onAbort = (): void => this.#settle({ error: new ShoalError("aborted", `Dialling ${address} was given up`) });
    let settle: (settlement: Settlement) => void = () => undefined;
    this.promise = new Promise((resolve, reject) => {
      settle = (settlement) => {
        timeout.cancel();
        signal.removeEventListener("abort", onAbort);
        if ("end" in settlement) resolve(settlement.end);
        else reject(settlement.error);
      };
    });
    this.#finish = settle;
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** The other side has accepted; the dialler does not know it yet. */
  opened(end: MemoryLinkEnd): void {
    this.#opened = end;
  }

  /** The acceptance has reached the dialler. */
  succeed(): void {
    if (this.#opened !== undefined) this.#settle({ end: this.#opened });
  }

  fail(message: string): void {
    this.#settle({ error: new ShoalError("connection", `${this.#address}: ${message}`) });
  }

  #settle(settlement: Settlement): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if ("error" in settlement) this.#opened?.lose("The dial was given up");
    this.#finish(settlement);
  }
}
