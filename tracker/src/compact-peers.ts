import ipaddr from "ipaddr.js";
import type { ClientAddress } from "./address.js";
import { addressFor } from "./registered-peer.js";
import type { RegisteredPeer } from "./registered-peer.js";

/** Peers as address and port in network order: 6 bytes each for IPv4 (BEP 23), 18 for IPv6 (BEP 7). */
export function compactPeers(
  peers: readonly RegisteredPeer[],
  viewer: ClientAddress,
): { peers: Uint8Array; peers6?: Uint8Array } {
  const v4: number[] = [];
  const v6: number[] = [];
  for (const peer of peers) {
    const ip = addressFor(peer, viewer);
    if (ip === undefined || peer.dialable?.kind !== "port") continue;
    const { port } = peer.dialable;
    (ip.includes(":") ? v6 : v4).push(...ipaddr.parse(ip).toByteArray(), port >> 8, port & 0xff);
  }
  // A client that gets no list at all may take the reply for nonsense, so `peers` is there even when empty.
  return v6.length === 0 ? { peers: Uint8Array.from(v4) } : { peers: Uint8Array.from(v4), peers6: Uint8Array.from(v6) };
}
