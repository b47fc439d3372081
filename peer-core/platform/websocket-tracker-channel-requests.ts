import { ShoalError } from "../src/base/errors.js";
import type { Clock } from "../src/ports/runtime.js";

interface Pending {
  readonly key: string;
  settle(outcome: { readonly reply: unknown } | { readonly error: ShoalError }): void;
}

export interface WaitOptions {
  /** What a reply to this request goes by: kind and info-hash. */
  readonly key: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called as the reply comes, before anything else can happen. */
  readonly onReply: () => void;
  /** What the request fails with when no reply came in time. */
  readonly onTimeout: () => ShoalError;
}

/** Requests that wait for their replies. A reply names no request, only its kind and info-hash: the oldest of those is meant. */
export class PendingRequests {
  readonly #clock: Clock;
  /** In the order in which they were made. */
  readonly #pending = new Set<Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the reply to a request. Rejects with ShoalError("aborted") when its signal fires. */
  wait<T>({ key, timeoutMs, signal, onReply, onTimeout }: WaitOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const pending: Pending = {
        key,
        settle: (outcome) => {
          if (!this.#pending.delete(pending)) return;
          timer.cancel();
          signal.removeEventListener("abort", onAbort);
          if ("error" in outcome) {
            reject(outcome.error);
            return;
          }
          onReply();
          resolve(outcome.reply as T);
        },
      };
      const onAbort = (): void => pending.settle({ error: new ShoalError("aborted", "The announce was given up") });
      const timer = this.#clock.schedule(timeoutMs, () => pending.settle({ error: onTimeout() }));
      this.#pending.add(pending);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** Settles the oldest request of `key`; false when nobody waits. */
  resolve(key: string, reply: unknown): boolean {
    const pending = this.#oldest(key);
    pending?.settle({ reply });
    return pending !== undefined;
  }

  /** Fails the oldest request of `key`, or the oldest of all; false when nobody waits. */
  reject(key: string | undefined, error: ShoalError): boolean {
    const pending = this.#oldest(key);
    pending?.settle({ error });
    return pending !== undefined;
  }

  rejectAll(error: ShoalError): void {
    for (const pending of [...this.#pending]) pending.settle({ error });
  }

  #oldest(key: string | undefined): Pending | undefined {
    for (const pending of this.#pending) if (key === undefined || pending.key === key) return pending;
    return undefined;
  }
}
