import type { JsonEvent } from "./json-events.js";
import type { Output } from "./output.js";

/** Redrawn often enough to look alive. */
const LIVE_MS = 250;
/** `progress` events come at least once a second, also when a timer is late. */
const EVENT_MS = 500;
/** Plain lines, for logs. */
const PLAIN_MS = 10_000;

/** Something whose progress is shown. */
export interface ProgressSource {
  /** For people. */
  readonly line: () => string;
  /** For `--json`. */
  readonly event: () => JsonEvent;
}

/** Shows how things come along: a live line each on a terminal, events with --json, a plain line now and then elsewhere. */
export class Progress {
  readonly #output: Output;
  /** With the last plain line printed. */
  readonly #sources = new Map<ProgressSource, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows `source` from now on; returns what ends it, with a last event. */
  add(source: ProgressSource): () => void {
    this.#sources.set(source, "");
    this.#output.event(source.event());
    this.#timer ??= setInterval(() => this.#tick(), this.#periodMs());
    return () => {
      if (!this.#sources.delete(source)) return;
      this.#output.event(source.event());
      if (this.#sources.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#output.live([]);
    };
  }

  #periodMs(): number {
    if (this.#output.json) return EVENT_MS;
    return this.#output.isLive ? LIVE_MS : PLAIN_MS;
  }

  #tick(): void {
    if (this.#output.isLive) {
      this.#output.live([...this.#sources.keys()].map((source) => source.line()));
      return;
    }
    for (const [source, lastLine] of this.#sources) {
      this.#output.event(source.event());
      const line = source.line();
      // Only what has changed: the log of an idle seed stays short.
      if (line !== lastLine) this.#output.note(line);
      this.#sources.set(source, line);
    }
  }
}
