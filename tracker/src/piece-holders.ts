import { peerIdOf, toWireId } from "@shoal/peer-core/announce";
import type { InfoHash } from "@shoal/peer-core/announce";
import type { HeldRecord } from "./held-pieces.js";
import { countHeld, holds } from "./held-pieces.js";
import { MAX_COUNTED_BYTES, MAX_HOLDERS_TOLD } from "./limits.js";
import type { RegisteredPeer } from "./registered-peer.js";
import type { SwarmRegistry } from "./swarm-registry.js";

/** How many peers hold each piece; `complete` is false when the swarm is too big to have been counted whole. */
export function countPieces(
  registry: SwarmRegistry,
  infoHash: InfoHash,
  pieceCount: number,
): { holders: readonly number[]; complete: boolean } {
  const counts = new Uint32Array(pieceCount);
  let all = 0;
  let bytes = 0;
  for (const peer of registry.find(toWireId(infoHash))?.peers ?? []) {
    const held = heldBy(peer);
    if (held === "all") all++;
    else if (held !== undefined && bytes <= MAX_COUNTED_BYTES) {
      bytes += held.length;
      countHeld(held, counts);
    }
  }
  return { holders: Array.from(counts, (count) => count + all), complete: bytes <= MAX_COUNTED_BYTES };
}

/** The peers that hold one piece, as the API tells them: no addresses, which only members of a swarm are told. */
export function holdersOf(
  registry: SwarmRegistry,
  infoHash: InfoHash,
  piece: number,
): { peers: readonly { peerId: string; seed: boolean; relay: boolean; dialable: boolean }[]; complete: boolean } {
  const peers = [];
  for (const peer of registry.find(toWireId(infoHash))?.peers ?? []) {
    if (!holds(heldBy(peer), piece)) continue;
    if (peers.length >= MAX_HOLDERS_TOLD) return { peers, complete: false };
    const { isSeed, isRelay, dialScope } = peer;
    peers.push({ peerId: peerIdOf(peer.peerId), seed: isSeed, relay: isRelay, dialable: dialScope !== undefined });
  }
  return { peers, complete: true };
}

/** A seed holds everything without having to say so. */
function heldBy(peer: RegisteredPeer): HeldRecord | undefined {
  return peer.isSeed ? "all" : peer.extras?.held;
}
