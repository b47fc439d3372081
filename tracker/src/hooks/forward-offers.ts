import { encodeTrackerMessage } from "@shoal/peer-core/announce";
import type { Announce } from "../announce.js";
import { selectPeers } from "../peer-selection.js";

/** Passes each WebRTC offer on to a random peer that itself speaks WebRTC: one that sent an `offers` key. */
export function forwardOffers(random: () => number): (announce: Announce) => void {
  return (announce) => {
    const { request, swarm, peer } = announce;
    const offers = request.offers ?? [];
    if (announce.isTooSoon || offers.length === 0 || request.event === "stopped") return;
    const receivers = selectPeers({
      pools: swarm.offerable,
      asker: peer,
      count: Math.min(offers.length, request.numWant ?? offers.length),
      random,
      accepts: (other) => other.line !== undefined,
    });
    receivers.forEach((receiver, at) => {
      const offered = offers[at];
      if (offered === undefined) return;
      const { infoHash, peerId } = request;
      receiver.line?.send(encodeTrackerMessage({ type: "offer", infoHash, peerId, ...offered }));
    });
  };
}
