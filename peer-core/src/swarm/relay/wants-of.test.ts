import { describe, expect, it } from "vitest";
import { DrawnPeer, OURS, type PeerDrawing } from "../../../testing/drawn-peer.js";
import { RemotePeer } from "../../peer/remote-peer.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { downloaderOf, wantsOf } from "./wants-of.js";

function wanted(drawing: PeerDrawing): number[] | undefined {
  const wants = wantsOf(new DrawnPeer(drawing).session);
  return wants && [...wants.indexes()];
}

describe("wantsOf", () => {
  it("takes one of ours at its word, but for what it has got since", () => {
    expect(wanted({ has: "x...", wants: "xx..", told: OURS })).toEqual([1]);
    expect(wanted({ has: "x...", wants: "x...", told: OURS })).toBeUndefined();
  });

  it("takes silence of one of ours for wanting nothing", () => {
    expect(wanted({ has: "....", told: OURS })).toBeUndefined();
  });

  it("gives other clients what they lack", () => {
    expect(wanted({ has: "x.x." })).toEqual([1, 3]);
    expect(wanted({ has: "x.x.", told: { extensions: { ut_metadata: 1 } } })).toEqual([1, 3]);
  });

  it("gives nothing to seeds and to those that only upload", () => {
    expect(wanted({ has: "xxxx" })).toBeUndefined();
    expect(wanted({ has: "x...", told: { extensions: {}, uploadOnly: true } })).toBeUndefined();
  });

  it("gives nothing to a web seed, which only sends", () => {
    expect(wanted({ has: "x...", isWebSeed: true })).toBeUndefined();
  });

  it("gives nothing to anybody before it is known how many pieces there are", () => {
    expect(wantsOf({ remote: new RemotePeer(), isWebSeed: false } as unknown as PeerSession)).toBeUndefined();
  });

  it("leaves what the peer has told as it was", () => {
    const { session } = new DrawnPeer({ has: "x...", wants: "xx..", told: OURS });
    wantsOf(session)?.clear(1);
    expect(wantsOf(session)?.has(1)).toBe(true);
  });
});

describe("downloaderOf", () => {
  it("is one that takes as fast as we send to it, and nobody who wants nothing", () => {
    const { session } = new DrawnPeer({ has: "x.", wants: ".x", told: OURS });
    for (let ms = 0; ms <= 10_000; ms += 100) session.upMeter.add(100, ms);
    expect(downloaderOf(session, 10_000)?.bytesPerSecond).toBeCloseTo(1_000, -2);
    expect(downloaderOf(session, 60_000)?.bytesPerSecond).toBe(0);
    expect(downloaderOf(new DrawnPeer({ has: "xx", told: OURS }).session, 0)).toBeUndefined();
  });
});
