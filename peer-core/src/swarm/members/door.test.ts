import { describe, expect, it } from "vitest";
import { doorsOf } from "./door.js";

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
