import { MAX_PEERS_VISITED } from "./limits.js";
import type { PeerPools } from "./peer-pool.js";
import { drawPeer } from "./peer-pool.js";
import type { RegisteredPeer } from "./registered-peer.js";

export interface Selection {
  readonly pools: PeerPools;
  /** Who asks: never chosen, and told of leeches only when it is a seed itself. */
  readonly asker: { readonly peerId: string; readonly isSeed: boolean };
  readonly count: number;
  readonly random: () => number;
  /** True for peers that are of use to who asks. */
  accepts(peer: RegisteredPeer): boolean;
}

/** Up to `count` peers, each as likely as the other; looks at `MAX_PEERS_VISITED` at most and copies no list. */
export function selectPeers(selection: Selection): RegisteredPeer[] {
  const { asker, count, random } = selection;
  const { seeds, leeches, slot } = selection.pools;
  const chosen: RegisteredPeer[] = [];
  const seedCount = asker.isSeed ? 0 : seeds.length;
  let drawnSeeds = 0;
  let drawnLeeches = 0;
  while (chosen.length < count && drawnSeeds + drawnLeeches < MAX_PEERS_VISITED) {
    const seedsLeft = seedCount - drawnSeeds;
    const left = seedsLeft + leeches.length - drawnLeeches;
    if (left <= 0) break;
    const fromSeeds = seedsLeft > 0 && random() * left < seedsLeft;
    const peer = fromSeeds
      ? drawPeer({ pool: seeds, slot, random }, drawnSeeds++)
      : drawPeer({ pool: leeches, slot, random }, drawnLeeches++);
    if (peer !== undefined && peer.peerId !== asker.peerId && selection.accepts(peer)) chosen.push(peer);
  }
  return chosen;
}
