import { ShoalError } from "../src/base/errors.js";
import type { InfoHash } from "../src/base/ids.js";
import type { Clock } from "../src/ports/runtime.js";
import type {
  AnnounceReply,
  AnnounceRequest,
  HeldPieces,
  ScrapeReply,
  TrackerChannel,
  TrackerPeer,
  TrackerWatcher,
} from "../src/ports/tracker-channel.js";

/** What a line asks of its tracker; `announce` and `scrape` throw ShoalError("tracker") for a failure reason. */
export interface TrackerSwitchboard {
  readonly clock: Clock;
  /** One way. */
  readonly latencyMs: number;
  readonly isUp: () => boolean;
  readonly announce: (channel: MemoryTrackerChannel, request: AnnounceRequest) => AnnounceReply;
  readonly scrape: (infoHash: InfoHash) => ScrapeReply;
  readonly have: (channel: MemoryTrackerChannel, infoHash: InfoHash, pieces: HeldPieces) => void;
  /** Forgets what was registered over this line. */
  readonly drop: (channel: MemoryTrackerChannel) => void;
}

/** One peer's line to a `MemoryTracker`. */
export class MemoryTrackerChannel implements TrackerChannel {
  readonly url: string;
  readonly address = undefined;
  readonly label: string;
  readonly #switchboard: TrackerSwitchboard;
  readonly #watchers = new Map<InfoHash, Set<TrackerWatcher>>();
  readonly #pending = new Set<(error: ShoalError) => void>();
  #isClosed = false;

  constructor(url: string, label: string, switchboard: TrackerSwitchboard) {
    this.url = url;
    this.label = label;
    this.#switchboard = switchboard;
  }

  announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    return this.#ask(() => this.#switchboard.announce(this, request), signal);
  }

  scrape(infoHash: InfoHash, signal: AbortSignal): Promise<ScrapeReply> {
    return this.#ask(() => this.#switchboard.scrape(infoHash), signal);
  }

  have(infoHash: InfoHash, pieces: HeldPieces): void {
    if (this.#isClosed) return;
    const { clock, latencyMs, isUp, have } = this.#switchboard;
    clock.schedule(latencyMs, () => {
      if (isUp()) have(this, infoHash, pieces);
    });
  }

  watch(infoHash: InfoHash, watcher: TrackerWatcher): () => void {
    const watchers = this.#watchers.get(infoHash) ?? new Set<TrackerWatcher>();
    this.#watchers.set(infoHash, watchers.add(watcher));
    return () => void watchers.delete(watcher);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    const { clock, latencyMs, drop } = this.#switchboard;
    return new Promise((resolve) => {
      clock.schedule(latencyMs, () => {
        drop(this);
        this.#failPending("The line was closed");
        resolve();
      });
    });
  }

  /** The tracker names peers unasked. */
  push(infoHash: InfoHash, peers: readonly TrackerPeer[]): void {
    this.#switchboard.clock.schedule(this.#switchboard.latencyMs, () => {
      if (this.#isClosed) return;
      for (const watcher of [...(this.#watchers.get(infoHash) ?? [])]) watcher.onPeers(peers);
    });
  }

  /** The line breaks. */
  lose(): void {
    if (this.#isClosed) return;
    this.#switchboard.drop(this);
    this.#failPending("The line was lost");
    for (const watchers of [...this.#watchers.values()]) for (const watcher of [...watchers]) watcher.onLost();
  }

  #failPending(message: string): void {
    for (const fail of [...this.#pending]) fail(new ShoalError("tracker", message));
  }

  /** Sends a question there and its answer back, or rejects as the port says. */
  #ask<T>(answer: () => T, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const { clock, latencyMs, isUp } = this.#switchboard;
      const settle = (finish: () => void): void => {
        if (!this.#pending.delete(fail)) return;
        signal.removeEventListener("abort", onAbort);
        finish();
      };
      const fail = (error: unknown): void =>
        settle(() => reject(error instanceof Error ? error : new ShoalError("tracker", String(error))));
      const onAbort = (): void => fail(new ShoalError("aborted", "The tracker's answer is no longer wanted"));
      this.#pending.add(fail);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else if (this.#isClosed) fail(new ShoalError("tracker", "The line is closed"));
      else {
        clock.schedule(latencyMs, () => {
          // Lost or given up on the way there: only what is still asked for arrives.
          if (!this.#pending.has(fail)) return;
          if (!isUp()) return fail(new ShoalError("tracker", "The tracker cannot be reached"));
          try {
            const reply = answer();
            clock.schedule(latencyMs, () => settle(() => resolve(reply)));
          } catch (error) {
            clock.schedule(latencyMs, () => fail(error));
          }
        });
      }
    });
  }
}
