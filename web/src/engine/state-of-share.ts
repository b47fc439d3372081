import type { SwarmView } from "@shoal/peer-core";
import { closingAdvice } from "./closing-advice.js";
import type { Presence } from "./hub-catalogue.js";
import type { KnownPeer } from "./known-peer.js";
import type { ShareItem } from "./messages.js";
import { peerRows } from "./peer-rows.js";

export interface ShareFacts {
  readonly id: string;
  readonly infoHash: string | undefined;
  readonly name: string;
  readonly size: number;
  readonly fileCount: number;
  readonly isListed: boolean;
  readonly state: ShareItem["state"];
  readonly view: SwarmView | undefined;
  /** As the hub counts, this tab included where it is announced. */
  readonly presence: Presence | undefined;
  readonly isWatched: boolean;
  readonly nowMs: number;
}

/** A share as the page shows it. */
export function stateOfShare({ view, presence, isWatched, nowMs, ...facts }: ShareFacts): ShareItem {
  const peers: readonly KnownPeer[] = view?.peers ?? [];
  const lostPieces = facts.state.kind === "sharing" && view ? view.pieceCount - view.verifiedPieces : 0;
  // The hub counts this tab, once it shares, among those who have all of it, or not any more.
  const [ownSeeds, ownLeeches] = view === undefined ? [0, 0] : lostPieces === 0 ? [1, 0] : [0, 1];
  return {
    ...facts,
    lostPieces,
    upBytesPerSecond: view?.upBytesPerSecond ?? 0,
    uploaded: view?.uploaded ?? 0,
    leeches: Math.max((presence?.leeches ?? 0) - ownLeeches, view?.upBytesPerSecond ? 1 : 0),
    seeds: Math.max(0, (presence?.seeds ?? 0) - ownSeeds),
    closing: closingAdvice(peers, nowMs),
    peers: isWatched ? peerRows(peers) : [],
  };
}
