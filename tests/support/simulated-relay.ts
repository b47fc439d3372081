import { createRelay, type Client, type Connection, type RelayOptions, type TrackerChannel } from "@shoal/peer-core";
import type { MemoryHost, MemoryHostOptions } from "@shoal/peer-core/testing";
import { MemoryPieceCache } from "./memory-piece-cache.js";
import { dialerOf, type Simulation } from "./simulated-swarm.js";

export interface SimulatedRelayOptions extends MemoryHostOptions {
  readonly quotaBytes?: number;
  readonly tracker?: TrackerChannel;
  /** False: it gets the metainfo from peers. */
  readonly knowsMetainfo?: boolean;
  readonly cache?: MemoryPieceCache;
  readonly relay?: Partial<RelayOptions>;
}

/** A relay on the simulated network, which holds no share of its own. */
export interface SimulatedRelay {
  readonly name: string;
  readonly host: MemoryHost;
  readonly client: Client;
  readonly cache: MemoryPieceCache;
  readonly address: string;
}

/** Adds a relay that carries the simulation's share for whoever comes; to be closed by whoever adds it. */
export function addRelay(simulation: Simulation, name: string, options: SimulatedRelayOptions = {}): SimulatedRelay {
  const host = simulation.network.host(name, options);
  const address = `mem://${name}`;
  const { tracker, quotaBytes = 2 * simulation.content.length } = options;
  const cache = options.cache ?? new MemoryPieceCache(quotaBytes);
  const client = createRelay(
    {
      runtime: simulation.runtime,
      dialer: dialerOf(host),
      openTracker: () => tracker,
      clientName: "Shoal relay",
      listen: { endpoint: address },
    },
    {
      admits: () => Promise.resolve(true),
      metainfoOf: () => Promise.resolve((options.knowsMetainfo ?? true) ? simulation.metainfo : undefined),
      cache,
      trackers: tracker === undefined ? [] : [tracker.url],
      keepBytes: 0,
      keepMs: 0,
      unixMs: () => 1_800_000_000_000 + simulation.clock.now(),
      lingerMs: 60_000,
      linksPerAddress: 32,
      ...options.relay,
    },
  );
  host.listen(address, (connection: Connection) => client.accept(connection));
  return { name, host, client, cache, address };
}
