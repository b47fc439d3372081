import type { Announce } from "../announce.js";
import { MAX_RELAYS_TOLD } from "../limits.js";
import { endpointFor } from "../registered-peer.js";
import type { RelayDirectory } from "../relay-directory.js";

/** Names relays: any for an ordinary peer, for a relay those that are in the same swarm with peers of their own. */
export function listRelays(relays: RelayDirectory): (announce: Announce) => void {
  return (announce) => {
    if (announce.isTooSoon || announce.line === undefined || announce.request.event === "stopped") return;
    announce.relays = announce.peer.isRelay
      ? relaysInSwarm(announce)
      : relays.best(announce.request.infoHash, announce.address);
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
