import { ShoalError, type SessionEvent, type TorrentSession } from "@shoal/peer-core";
import { trackerKind } from "../catalogue/tracker-urls.js";
import { trackerTrouble } from "../terminal/event-report.js";

/** Follows which trackers of one share have answered, from the events of its session. */
export class TrackerReach {
  readonly #trackers: ReadonlySet<string>;
  readonly #failures = new Map<string, ShoalError>();
  #hasAnswered = false;

  constructor(trackers: readonly string[]) {
    this.#trackers = new Set(trackers);
  }

  /** True once any tracker has accepted an announce. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** What to tell when every tracker has failed and none ever answered; undefined while there is hope. */
  get failure(): ShoalError | undefined {
    if (this.#hasAnswered || this.#failures.size < this.#trackers.size || this.#trackers.size === 0) return undefined;
    const lines = [...this.#failures].map(([url, error]) => trackerTrouble(url, error));
    const [only] = this.#failures.values();
    const what =
      lines.length === 1 && only ? lines[0] : `None of ${lines.length} trackers can be reached: ${lines.join("; ")}`;
    return new ShoalError("tracker", `${what ?? ""}\n${this.#advice}`, { cause: only });
  }

  get #advice(): string {
    const isOfHub = [...this.#trackers].some((url) => trackerKind(url) === "hub");
    return isOfHub
      ? 'Is the hub running? Start one with "shoal serve", or name one with --tracker URL.'
      : "Try again later, or name another tracker with --tracker URL.";
  }

  see(event: SessionEvent): void {
    if (event.kind === "announced") this.#hasAnswered = true;
    if (event.kind === "tracker-error") this.#failures.set(event.tracker, event.error);
  }
}

/** Resolves when the first tracker has accepted an announce; rejects with ShoalError("tracker") when all have failed. */
export async function untilAnnounced(
  session: TorrentSession,
  trackers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const reach = new TrackerReach(trackers);
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => settle(() => reject(new ShoalError("aborted", "Interrupted")));
    const off = session.on((event) => {
      reach.see(event);
      const failure = event.kind === "failed" ? event.error : reach.failure;
      if (reach.hasAnswered) settle(resolve);
      else if (failure) settle(() => reject(failure));
    });
    const settle = (then: () => void) => {
      off();
      signal.removeEventListener("abort", onAbort);
      then();
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
