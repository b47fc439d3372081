import { describe, expect, it } from "vitest";
import { MAX_PEERS, parseCompactPeers, tcpEndpoint } from "./compact-peers.js";

describe("peers of a tracker's reply", () => {
  it("have addresses and ports in network order", () => {
    const bytes = Buffer.from([192, 0, 2, 7, 0x1a, 0xe1, 198, 51, 100, 1, 0, 80]);
    expect(parseCompactPeers(bytes, 4).map(({ endpoint }) => endpoint)).toEqual([
      "tcp://192.0.2.7:6881",
      "tcp://198.51.100.1:80",
    ]);
    const six = Buffer.from("20010db8000000000000000000000001" + "1ae1", "hex");
    expect(parseCompactPeers(six, 6)).toEqual([{ peerId: undefined, endpoint: "tcp://[2001:db8::1]:6881" }]);
  });

  it("end where a whole one does not fit any more", () => {
    expect(parseCompactPeers(Buffer.from([192, 0, 2, 7, 26, 225, 1, 2, 3]), 4)).toHaveLength(1);
    expect(parseCompactPeers(new Uint8Array(5), 4)).toEqual([]);
  });

  it("are not more than anybody asked for", () => {
    expect(parseCompactPeers(new Uint8Array(6 * 5000).fill(77), 4)).toHaveLength(MAX_PEERS);
  });

  it.each([
    ["192.0.2.1", 0],
    ["192.0.2.1", 1],
    ["192.0.2.1", 65_536],
    ["192.0.2.1", 1.5],
    ["0.0.0.0", 80],
    ["224.0.0.1", 80],
    ["255.255.255.255", 80],
    ["::", 80],
    ["ff02::1", 80],
    ["localhost", 80],
    ["evil.example", 80],
    ["", 80],
  ])("are none at %s port %d", (host, port) => {
    expect(tcpEndpoint(host, port)).toBeUndefined();
  });
});
