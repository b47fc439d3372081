import { describe, expect, it } from "vitest";
import { fieldOf } from "../../../testing/swarm-script.js";
import { RemotePeer } from "../../peer/remote-peer.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { ExtendedHandshake } from "../../wire/extensions/extended-handshake.js";
import { wantsOf } from "./wants-of.js";

interface Drawn {
  readonly has: string;
  readonly wants?: string;
  readonly told?: ExtendedHandshake;
}

/** A peer that holds `has` and wants `wants`; ordinary software unless it tells otherwise. */
function wanted({ has, wants, told }: Drawn): number[] | undefined {
  const remote = new RemotePeer();
  remote.supportsExtensions = told !== undefined;
  if (told !== undefined) remote.onExtendedHandshake(told);
  remote.pieces.onBitfield(fieldOf(has).toWire());
  if (wants !== undefined) remote.wants.onWant(fieldOf(wants).toWire(), 0);
  remote.pieces.adopt(has.length);
  remote.wants.adopt(has.length);
  const set = wantsOf({ remote, isWebSeed: false } as unknown as PeerSession);
  return set && [...set.indexes()];
}

const OURS: ExtendedHandshake = { extensions: { sh_want: 6 } };

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
});
