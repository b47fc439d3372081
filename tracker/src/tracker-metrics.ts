import { Counter, Gauge, Registry } from "prom-client";
import type { Catalogue } from "./catalogue.js";
import type { Tracker } from "./tracker.js";

export interface MetricsParts {
  readonly tracker: Tracker;
  readonly catalogue: Catalogue;
  readonly socketCount: () => number;
}

/** What the tracker tells Prometheus; read when asked for, so counting costs nothing in between. */
export class TrackerMetrics {
  readonly #registry = new Registry();
  readonly #refused: Counter<"limit">;

  constructor({ tracker, catalogue, socketCount }: MetricsParts) {
    this.#gauge("shoal_tracker_swarms", "Swarms with a peer", () => tracker.registry.swarmCount);
    this.#gauge("shoal_tracker_peers", "Peers, once per swarm they are in", () => tracker.registry.peerCount);
    this.#gauge("shoal_tracker_seeds", "Peers that hold everything", () => tracker.registry.seedCount);
    this.#gauge("shoal_tracker_sockets", "Open WebSockets", socketCount);
    this.#gauge("shoal_tracker_catalogue_entries", "Shares in the catalogue", () => catalogue.count);
    this.#total("shoal_tracker_announces_total", "Announces answered", () => tracker.announceCount);
    this.#total("shoal_tracker_limited_total", "Announces answered from the last reply", () => tracker.limitedCount);
    this.#gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
    this.#refused = new Counter({
      name: "shoal_tracker_refused_total",
      help: "What was refused, by the limit that did",
      labelNames: ["limit"],
      registers: [this.#registry],
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts one refusal. */
  onRefused(limit: string): void {
    this.#refused.inc({ limit });
  }

  /** Everything in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(read()) });
  }

  #total(name: string, help: string, read: () => number): void {
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}
