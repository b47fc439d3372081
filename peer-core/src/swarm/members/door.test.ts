import { describe, expect, it } from "vitest";
import { doorsOf, waysThroughDoor } from "./door.js";

describe("doorsOf", () => {
  it("names what was dialled and what the peer tells of itself", () => {
    const peer = { address: "fd00::1", remote: { listenPort: 6881 } };
    expect(doorsOf(peer, "ws://peer.example/peer")).toEqual(["peer.example:80", "[fd00::1]:6881"]);
    expect(doorsOf({ ...peer, address: undefined }, undefined)).toEqual([]);
    expect(doorsOf({ ...peer, remote: { listenPort: undefined } }, undefined)).toEqual([]);
  });

  it("names none for a peer whose address is none", () => {
    for (const address of ["", "::1::", "a<b"])
      expect(doorsOf({ address, remote: { listenPort: 1 } }, undefined)).toEqual([]);
  });
});

describe("waysThroughDoor", () => {
  it.each([
    ["ws://192.0.2.1:6881/peer", "tcp://192.0.2.1:6881"],
    ["ws://[2001:db8::1]:6881/peer", "tcp://[2001:db8::1]:6881"],
    ["ws://peer.example/peer", "tcp://peer.example:80"],
  ])("leads to %s by plain TCP, too", (endpoint, plain) => {
    expect(waysThroughDoor(endpoint)).toEqual([endpoint, plain]);
  });

  it.each(["wss://192.0.2.1:6881/peer", "ws://192.0.2.1:6881/hub/peer", "ws://192.0.2.1/peer?a", "tcp://192.0.2.1:1"])(
    "knows no other way than %s",
    (endpoint) => {
      expect(waysThroughDoor(endpoint)).toEqual([endpoint]);
    },
  );
});
