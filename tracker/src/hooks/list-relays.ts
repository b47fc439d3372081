import type { Announce } from "../announce.js";
import { MAX_RELAYS_TOLD } from "../limits.js";
import { endpointFor, type RegisteredPeer } from "../registered-peer.js";
import type { RelayDirectory } from "../relay-directory.js";

/**
 * Names relays: any for an ordinary peer, for a relay those that are in the same swarm with peers of their own. Over HTTP
 * those as well: an ordinary client has no other way to who cannot be dialled, where it cannot be dialled itself.
 */
export function listRelays(relays: RelayDirectory): (announce: Announce) => void {
  return (announce) => {
    if (announce.isTooSoon || announce.request.event === "stopped") return;
    announce.relays =
      announce.peer.isRelay || announce.line === undefined
        ? relaysInSwarm(announce)
        : relays.best(announce.request.infoHash, announce.address);
    if (announce.line === undefined) announce.peers = [...announce.peers, ...relaysWithPort(announce)];
  };
}

function relaysInSwarm({ swarm, peer, address }: Announce): readonly string[] {
  const endpoints: string[] = [];
  for (const other of swarm.relays) {
    const endpoint = other === peer ? undefined : endpointFor(other, address);
    if (endpoint !== undefined && endpoints.push(endpoint) >= MAX_RELAYS_TOLD) break;
  }
  return endpoints;
}

function relaysWithPort({ swarm, peer, address }: Announce): readonly RegisteredPeer[] {
  const found: RegisteredPeer[] = [];
  for (const other of swarm.relays) {
    if (other === peer || other.dialable?.kind !== "port" || endpointFor(other, address) === undefined) continue;
    if (found.push(other) >= MAX_RELAYS_TOLD) break;
  }
  return found;
}
