import type { PeerView } from "@shoal/peer-core";

/** A peer as the swarm shows it. */
export type KnownPeer = PeerView;

/** The host of an address, or the address itself where it is no URL. */
export function hostOf(label: string): string {
  return URL.canParse(label) ? new URL(label).hostname || label : label;
}

/** How much of the share a peer has, 0 to 1, as far as it is known. */
export function shareOf(peer: KnownPeer): number {
  return peer.isSeed ? 1 : peer.share;
}
