import { hostOf, shareOf, type KnownPeer } from "./known-peer.js";
import type { PeerRow } from "./messages.js";

/** The peers of a share as rows, those that bring most first; the rest in an order that does not jump. */
export function peerRows(peers: readonly KnownPeer[]): PeerRow[] {
  return peers.map(rowOf).sort((a, b) => b.downloaded - a.downloaded || (a.id < b.id ? -1 : 1));
}

function rowOf(peer: KnownPeer): PeerRow {
  return {
    id: peer.peerId,
    label: hostOf(peer.label),
    kind: peer.isRelay ? "relay" : peer.isSeed ? "seed" : "peer",
    client: peer.client,
    downBytesPerSecond: peer.downBytesPerSecond,
    upBytesPerSecond: peer.upBytesPerSecond,
    downloaded: peer.downloaded,
    uploaded: peer.uploaded,
    share: shareOf(peer),
  };
}
