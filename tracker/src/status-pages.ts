import type { ServerResponse } from "node:http";
import type { Catalogue } from "./catalogue.js";
import { reply, replyJson } from "./http-reply.js";
import type { TrackerMetrics } from "./tracker-metrics.js";
import type { TrackerStats } from "./tracker-stats.js";
import { trackerStats } from "./tracker-stats.js";
import type { Tracker } from "./tracker.js";

export interface StatusParts {
  readonly tracker: Tracker;
  readonly catalogue: Catalogue;
  readonly metrics: TrackerMetrics;
  readonly version: string;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** Counting walks over all peers, so an answer serves everybody for this long. */
const STATS_AGE_MS = 5_000;

/** What an operator and a monitor look at: /health, /stats, /stats.json, /metrics. */
export class StatusPages {
  readonly #parts: StatusParts;
  #stats: { readonly at: number; readonly value: TrackerStats } | undefined = undefined;

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** Answers the page of that name; any other name is /metrics. */
  async handle(response: ServerResponse, name: string): Promise<void> {
    switch (name) {
      case "health":
        replyJson(response, 200, { status: "ok", version: this.#parts.version });
        return;
      case "stats.json":
        replyJson(response, 200, this.#current());
        return;
      case "stats":
        // No script and no style from anywhere: the page is a table.
        response.setHeader("Content-Security-Policy", "default-src 'none'");
        reply(response, 200, "text/html; charset=utf-8", this.#page());
        return;
      default: {
        const { contentType, text } = await this.#parts.metrics.page();
        reply(response, 200, contentType, text);
      }
    }
  }

  #current(): TrackerStats {
    const now = this.#parts.now();
    if (this.#stats === undefined || now - this.#stats.at > STATS_AGE_MS) {
      this.#stats = { at: now, value: trackerStats(this.#parts.tracker.registry) };
    }
    return this.#stats.value;
  }

  #page(): string {
    const { clients, ...counts } = this.#current();
    const rows = Object.entries({ ...counts, catalogue: this.#parts.catalogue.count });
    for (const [name, versions] of Object.entries(clients)) {
      for (const [version, count] of Object.entries(versions)) rows.push([`${name} ${version}`, count]);
    }
    const body = rows.map(([name, count]) => `<tr><th>${escapeHtml(name)}</th><td>${count}</td></tr>`).join("\n");
    const title = escapeHtml(`Tracker ${this.#parts.version}`);
    return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${title}</title>\n<h1>${title}</h1>\n<table>\n${body}\n</table>\n</html>\n`;
  }
}

/** Text as HTML shows it. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
