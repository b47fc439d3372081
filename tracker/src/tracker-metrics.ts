import type { Registry } from "prom-client";
import type { Catalogue } from "./catalogue.js";
import type { ExtraMetric } from "./tracker-options.js";
import type { Tracker } from "./tracker.js";

export interface MetricsParts {
  readonly tracker: Tracker;
  readonly catalogue: Catalogue;
  readonly socketCount: () => number;
  readonly extra: readonly ExtraMetric[];
}

/**
 * What the tracker tells Prometheus; read when asked for, so counting costs nothing in between, and the library is loaded
 * by the first who asks: 2 MiB that a tracker without a monitor has no use for.
 */
export class TrackerMetrics {
  readonly #parts: MetricsParts;
  readonly #refused = new Map<string, number>();
  #registry: Promise<Registry> | undefined = undefined;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  /** Counts one refusal, under the name of a limit: those are few. */
  onRefused(limit: string): void {
    this.#refused.set(limit, (this.#refused.get(limit) ?? 0) + 1);
  }

  /** Everything in the text format of Prometheus. */
  async page(): Promise<{ readonly contentType: string; readonly text: string }> {
    const registry = await (this.#registry ??= registryOf(this.#parts, this.#refused));
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}

async function registryOf(parts: MetricsParts, refused: ReadonlyMap<string, number>): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const { tracker, catalogue, socketCount } = parts;
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: InstanceType<typeof Gauge> = new Gauge({ name, help, registers, collect: () => made.set(read()) });
  };
  const total = (name: string, help: string, read: () => number): void => {
    const collect = (): void => {
      made.reset();
      made.inc(read());
    };
    const made: InstanceType<typeof Counter> = new Counter({ name, help, registers, collect });
  };
  gauge("shoal_tracker_swarms", "Swarms with a peer", () => tracker.registry.swarmCount);
  gauge("shoal_tracker_peers", "Peers, once per swarm they are in", () => tracker.registry.peerCount);
  gauge("shoal_tracker_seeds", "Peers that hold everything", () => tracker.registry.seedCount);
  gauge("shoal_tracker_sockets", "Open WebSockets", socketCount);
  gauge("shoal_tracker_catalogue_entries", "Shares in the catalogue", () => catalogue.count);
  total("shoal_tracker_announces_total", "Announces answered", () => tracker.announceCount);
  total("shoal_tracker_limited_total", "Announces answered from the last reply", () => tracker.limitedCount);
  for (const { name, help, kind, read } of parts.extra) (kind === "gauge" ? gauge : total)(name, help, read);
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  const byLimit: InstanceType<typeof Counter<"limit">> = new Counter({
    name: "shoal_tracker_refused_total",
    help: "What was refused, by the limit that did",
    labelNames: ["limit"],
    registers,
    collect: () => {
      byLimit.reset();
      for (const [limit, count] of refused) byLimit.inc({ limit }, count);
    },
  });
  return registry;
}
