import ipaddr from "ipaddr.js";
import type { WireId } from "@shoal/peer-core/announce";

/** A peer as an ordinary client is told of it. */
export interface PeerAddress {
  readonly ip: string;
  readonly port: number;
  readonly peerId?: WireId;
}

/** Peers as address and port in network order: 6 bytes each for IPv4 (BEP 23), 18 for IPv6 (BEP 7). */
export function compactPeers(peers: readonly PeerAddress[]): { peers: Uint8Array; peers6?: Uint8Array } {
  const v4: number[] = [];
  const v6: number[] = [];
  for (const { ip, port } of peers) {
    (ip.includes(":") ? v6 : v4).push(...ipaddr.parse(ip).toByteArray(), port >> 8, port & 0xff);
  }
  // A client that gets no list at all may take the reply for nonsense, so `peers` is there even when empty.
  return v6.length === 0 ? { peers: Uint8Array.from(v4) } : { peers: Uint8Array.from(v4), peers6: Uint8Array.from(v6) };
}
