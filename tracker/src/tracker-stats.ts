import type { WireId } from "@shoal/peer-core/announce";
import type { SwarmRegistry } from "./swarm-registry.js";

/** Counts in the names that bittorrent-tracker's /stats.json has. */
export interface TrackerStats {
  readonly torrents: number;
  readonly activeTorrents: number;
  readonly peersAll: number;
  readonly peersSeederOnly: number;
  readonly peersLeecherOnly: number;
  readonly peersSeederAndLeecher: number;
  readonly peersIPv4: number;
  readonly peersIPv6: number;
  /** Peers by client and version, as their ids say (BEP 20). */
  readonly clients: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Peers looked at for one answer: with more, the shares of clients and address families are those of a sample. */
const MAX_PEERS_READ = 100_000;
const MAX_CLIENTS = 100;

/** Counts who is here. A peer that is in several swarms counts once in each. */
export function trackerStats(registry: SwarmRegistry): TrackerStats {
  const families = { v4: 0, v6: 0 };
  const clients = new Map<string, Map<string, number>>();
  let seen = 0;
  let active = 0;
  for (const swarm of registry.swarms()) {
    if (swarm.peers.length > 0) active++;
    for (const { address, peerId } of swarm.peers) {
      if (seen++ >= MAX_PEERS_READ) break;
      families[address.ip.includes(":") ? "v6" : "v4"]++;
      countClient(clients, peerId);
    }
  }
  const peersAll = registry.peerCount;
  return {
    torrents: registry.swarmCount,
    activeTorrents: active,
    peersAll,
    peersSeederOnly: registry.seedCount,
    peersLeecherOnly: peersAll - registry.seedCount,
    peersSeederAndLeecher: 0,
    peersIPv4: families.v4,
    peersIPv6: families.v6,
    clients: Object.fromEntries([...clients].map(([name, versions]) => [name, Object.fromEntries(versions)])),
  };
}

function countClient(clients: Map<string, Map<string, number>>, peerId: WireId): void {
  // Only letters and digits get through: what a stranger says ends up on a page and in JSON keys.
  const [, name = "unknown", version = "unknown"] = /^-([A-Za-z]{2})([0-9A-Za-z]{4})-/.exec(peerId) ?? [];
  const versions = clients.get(name) ?? new Map<string, number>();
  if (clients.size >= MAX_CLIENTS && !clients.has(name)) return;
  clients.set(name, versions);
  if (versions.size < MAX_CLIENTS || versions.has(version)) versions.set(version, (versions.get(version) ?? 0) + 1);
}
