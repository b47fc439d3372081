import { BlockList, isIP, isIPv6 } from "node:net";
import type { TrackerPeer } from "@shoal/peer-core";

/** Peers taken from one reply: four times as many as are ever asked for. */
export const MAX_PEERS = 200;

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const PORT_BYTES = 2;

/** Addresses that no peer can have: nobody, groups, everybody. */
const impossible = new BlockList();
impossible.addSubnet("0.0.0.0", 8);
impossible.addSubnet("224.0.0.0", 3);
impossible.addAddress("::", "ipv6");
impossible.addSubnet("ff00::", 8, "ipv6");

/** Peers of 6 bytes each (IPv4, BEP 23) or 18 (IPv6, BEP 7), address and port; bytes that are left over are ignored. */
export function parseCompactPeers(bytes: Uint8Array, family: 4 | 6): readonly TrackerPeer[] {
  const addressBytes = family === 4 ? IPV4_BYTES : IPV6_BYTES;
  const size = addressBytes + PORT_BYTES;
  const peers: TrackerPeer[] = [];
  for (let at = 0; at + size <= bytes.length && peers.length < MAX_PEERS; at += size) {
    const address = bytes.subarray(at, at + addressBytes);
    const port = ((bytes[at + addressBytes] ?? 0) << 8) | (bytes[at + addressBytes + 1] ?? 0);
    const endpoint = tcpEndpoint(family === 4 ? address.join(".") : ipv6Text(address), port);
    if (endpoint !== undefined) peers.push({ peerId: undefined, endpoint });
  }
  return peers;
}

/** tcp://ADDRESS:PORT; undefined for a host that is no address, an address that no peer has, and ports 0 and 1. */
export function tcpEndpoint(host: string, port: number): string | undefined {
  // Who cannot be dialled announces port 1, since many trackers refuse 0.
  const isPort = Number.isInteger(port) && port > 1 && port <= 65_535;
  // A name would be looked up, and might lead anywhere, after the check of the address.
  if (!isPort || isIP(host) === 0 || impossible.check(host, isIPv6(host) ? "ipv6" : "ipv4")) return undefined;
  return `tcp://${isIPv6(host) ? new URL(`http://[${host}]`).hostname : host}:${port}`;
}

function ipv6Text(address: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < IPV6_BYTES; at += 2) {
    groups.push((((address[at] ?? 0) << 8) | (address[at + 1] ?? 0)).toString(16));
  }
  return groups.join(":");
}
