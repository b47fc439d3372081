import type { Announce } from "../announce.js";
import { EXPIRY_SLACK_SECONDS, HTTP_INTERVAL_SECONDS, INTERVAL_SECONDS } from "../limits.js";
import type { RegisteredPeer } from "../registered-peer.js";
import type { SwarmRegistry } from "../swarm-registry.js";

/** Brings the registration in line with the announce: listed or not, seed or leech, alive until the next one is due. */
export function updateRegistration(
  registry: SwarmRegistry,
  release: (peer: RegisteredPeer) => void,
): (announce: Announce) => void {
  return (announce) => {
    const { request, peer, swarm, now } = announce;
    if (request.event === "stopped") {
      release(peer);
      registry.remove(peer);
      return;
    }
    const interval = announce.line === undefined ? HTTP_INTERVAL_SECONDS : INTERVAL_SECONDS;
    peer.expiresAt = now + 2 * interval + EXPIRY_SLACK_SECONDS;
    peer.wantsNotice = request.wantsNotice;
    const isSeed = request.left === 0;
    // A seed that was announced as a leech before has completed here, and is counted once (BEP 48 "downloaded").
    if (request.event === "completed" && isSeed && !peer.isSeed && peer.swarm === swarm) swarm.completed++;
    const takesOffers = request.offers !== undefined || peer.takesOffers;
    if (isSeed !== peer.isSeed || request.isRelay !== peer.isRelay || takesOffers !== peer.takesOffers) {
      swarm.update(peer, { isSeed, isRelay: request.isRelay, takesOffers });
    }
    if (peer.swarm !== swarm) enter(announce, release);
  };
}

function enter({ peer, swarm }: Announce, release: (peer: RegisteredPeer) => void): void {
  const older = swarm.find(peer.peerId);
  if (older !== undefined) {
    // A stranger over HTTP proves nothing but an address, so it cannot push out a peer that is on a line.
    if (older.line !== undefined && peer.line === undefined) return;
    release(older);
  } else if (swarm.isFull) return;
  swarm.add(peer);
}
