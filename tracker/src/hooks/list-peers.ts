import type { Announce } from "../announce.js";
import { DEFAULT_PEERS_TOLD, MAX_PEERS_TOLD } from "../limits.js";
import { selectPeers } from "../peer-selection.js";
import { endpointFor } from "../registered-peer.js";

/** Chooses the dialable peers that the reply tells: random ones, and for a seed only leeches. */
export function listPeers(random: () => number): (announce: Announce) => void {
  return (announce) => {
    const { request, peer, swarm, address } = announce;
    if (announce.isTooSoon || request.event === "stopped") return;
    const count = Math.min(request.numWant ?? DEFAULT_PEERS_TOLD, MAX_PEERS_TOLD);
    const isHttp = announce.line === undefined;
    announce.peers = selectPeers({
      seeds: swarm.dialableSeeds,
      leeches: swarm.dialableLeeches,
      asker: peer,
      count,
      random,
      // Ordinary clients dial an address and a TCP port, never a URL.
      accepts: (other) => !(isHttp && other.dialable?.kind === "url") && endpointFor(other, address) !== undefined,
    });
  };
}
