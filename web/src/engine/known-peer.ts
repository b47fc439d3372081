import type { PeerView } from "@shoal/peer-core";

/** A peer as the swarm shows it, with what relays and peers of our own kind tell besides, where they do. */
export type KnownPeer = PeerView & {
  readonly isRelay?: boolean | undefined;
  /** Until when a relay promises to keep all of the share, as Date.now() has it. */
  readonly keptUntilMs?: number | undefined;
  /** How much of the share it has, 0 to 1. */
  readonly share?: number | undefined;
  /** Whether others can dial it. */
  readonly isDialable?: boolean | undefined;
};

/** The host of an address, or the address itself where it is no URL. */
export function hostOf(label: string): string {
  return URL.canParse(label) ? new URL(label).hostname || label : label;
}

/** How much of the share a peer has, 0 to 1, as far as it is known. */
export function shareOf(peer: KnownPeer): number {
  return peer.isSeed ? 1 : (peer.share ?? 0);
}
