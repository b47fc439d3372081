import { describe, expect, it } from "vitest";
import { UNIT_BYTES } from "../torrent/geometry.js";
import { RemotePeer } from "./remote-peer.js";

describe("RemotePeer", () => {
  it("is taken for an ordinary client until it tells more", () => {
    const remote = new RemotePeer();
    expect([remote.longestBlock, remote.requestQueue, remote.blockMax]).toEqual([UNIT_BYTES, 250, undefined]);
    expect([remote.isChoking, remote.isInterested, remote.isDialable, remote.isSeed]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it("adds a later handshake to an earlier one", () => {
    const remote = new RemotePeer();
    remote.onExtendedHandshake({
      extensions: { ut_metadata: 3 },
      client: "A",
      metadataSize: undefined,
      blockMax: 65_536,
    });
    remote.onExtendedHandshake({ extensions: { lt_donthave: 7 }, client: undefined, metadataSize: 100 });
    expect(remote.extensions).toEqual({ ut_metadata: 3, lt_donthave: 7 });
    expect([remote.client, remote.metadataSize, remote.longestBlock]).toEqual(["A", 100, 65_536]);
  });

  it("is dialable when it names an endpoint or a port", () => {
    const byPort = new RemotePeer();
    byPort.onExtendedHandshake({ extensions: {}, listenPort: 6_881 });
    const byUrl = new RemotePeer();
    byUrl.onExtendedHandshake({ extensions: {}, endpoint: "ws://192.0.2.1/peer" });
    expect([byPort.isDialable, byUrl.isDialable]).toEqual([true, true]);
  });

  it("wants nothing when it holds everything or says so", () => {
    const seed = new RemotePeer();
    seed.pieces.onHaveAll();
    expect(seed.wantsNothing).toBe(false);
    seed.pieces.adopt(3);
    expect([seed.isSeed, seed.wantsNothing]).toEqual([true, true]);
    const partial = new RemotePeer();
    partial.onExtendedHandshake({ extensions: {}, uploadOnly: true });
    expect([partial.isSeed, partial.wantsNothing]).toEqual([false, true]);
  });
});
