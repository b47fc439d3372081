import type { Announce } from "../announce.js";
import { DEFAULT_PEERS_TOLD, MAX_PEERS_TOLD, SEEDS_TOLD_TO_SEEDS } from "../limits.js";
import { selectPeers } from "../peer-selection.js";
import { endpointFor, type RegisteredPeer } from "../registered-peer.js";

/** Chooses the dialable peers that the reply tells: random ones, and for a seed only leeches, over HTTP a few seeds beside them. */
export function listPeers(random: () => number): (announce: Announce) => void {
  return (announce) => {
    const { request, peer, swarm, address } = announce;
    if (announce.isTooSoon || request.event === "stopped") return;
    const count = Math.min(request.numWant ?? DEFAULT_PEERS_TOLD, MAX_PEERS_TOLD);
    const isHttp = announce.line === undefined;
    const selection = {
      pools: swarm.dialable,
      asker: peer,
      count,
      random,
      // Ordinary clients dial an address and a TCP port, never a URL.
      accepts: (other: RegisteredPeer) =>
        !(isHttp && other.dialable?.kind === "url") && endpointFor(other, address) !== undefined,
    };
    const told = selectPeers(selection);
    if (isHttp && peer.isSeed && told.length < count) {
      const asker = { peerId: peer.peerId, isSeed: false };
      const more = selectPeers({ ...selection, asker, count: Math.min(count - told.length, SEEDS_TOLD_TO_SEEDS) });
      told.push(...more.filter((each) => !told.includes(each)));
    }
    announce.peers = told;
  };
}
