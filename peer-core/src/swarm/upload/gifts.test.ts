import { describe, expect, it } from "vitest";
import type { PeerSession } from "../../peer/peer-session.js";
import { Gifts } from "./gifts.js";

const KIB = 1024;
const BLOCK = 64 * KIB;

interface Drawn {
  id: number;
  /** What it has given us. */
  gave: number;
  /** What we have given it, in bytes. */
  got: number;
  /** Pieces that it says it holds. */
  pieces: number;
  isChoking: boolean;
  amInterested: boolean;
  asked: number;
}

function peer(drawn: Partial<Drawn> = {}): PeerSession {
  const { id = 1, gave = 0, got = 0, pieces = 0, isChoking = true, amInterested = true, asked = 0 } = drawn;
  const session = {
    id,
    amInterested,
    remote: { isChoking, pieces: { bitfield: { count: pieces } } },
    upMeter: { total: got },
    requests: { count: asked, isSnubbed: false },
    downMeter: { total: gave },
  };
  return session as unknown as PeerSession;
}

function give(gifts: Gifts, session: PeerSession, blocks: number): void {
  for (let given = 0; given < blocks; given++) gifts.add(session, BLOCK);
}

describe("Gifts", () => {
  it("takes for a free rider who got 256 KiB and gave nothing of what we lack", () => {
    const gifts = new Gifts();
    give(gifts, peer(), 3);
    expect(gifts.isTaker(peer())).toBe(false);
    give(gifts, peer(), 1);
    expect(gifts.isTaker(peer())).toBe(true);
    expect(gifts.isTaker(peer({ id: 2 }))).toBe(false);
  });

  it("does so whether it refuses or never answers, and not when it is never asked", () => {
    const silent = new Gifts();
    give(silent, peer({ isChoking: false, asked: 1 }), 4);
    expect(silent.isTaker(peer())).toBe(true);
    const unasked = new Gifts();
    give(unasked, peer({ isChoking: false }), 40);
    expect(unasked.isTaker(peer())).toBe(false);
  });

  it("expects nothing of who has nothing that we lack", () => {
    const gifts = new Gifts();
    give(gifts, peer({ amInterested: false }), 40);
    expect(gifts.isTaker(peer())).toBe(false);
  });

  it("believes that a peer holds little while that is no less than what we gave it, but for eight pieces", () => {
    const gifts = new Gifts();
    const inNeed = (got: number, pieces: number) => gifts.mayBeInNeed(peer({ got: got * BLOCK, pieces }), BLOCK);
    expect([inNeed(8, 0), inNeed(9, 0), inNeed(20, 12), inNeed(21, 12)]).toEqual([true, false, true, false]);
    give(gifts, peer(), 4);
    expect(inNeed(0, 0)).toBe(false);
  });

  it("is content with the thirty-second part", () => {
    const gifts = new Gifts();
    give(gifts, peer(), 4 + 32);
    expect(gifts.isTaker(peer({ gave: BLOCK - 1 }))).toBe(true);
    expect(gifts.isTaker(peer({ gave: BLOCK + 1 }))).toBe(false);
  });

  it("lets a free rider have an eighth of what others have", () => {
    const gifts = new Gifts();
    give(gifts, peer(), 4);
    give(gifts, peer({ id: 2, amInterested: false }), 60);
    expect(gifts.mustWait(peer(), 2)).toBe(false);
    give(gifts, peer(), 4);
    expect(gifts.mustWait(peer(), 2)).toBe(false);
    give(gifts, peer(), 1);
    expect(gifts.mustWait(peer(), 2)).toBe(true);
    expect(gifts.mustWait(peer({ id: 2 }), 2)).toBe(false);
  });

  it("counts nothing towards that which others had before it came", () => {
    const gifts = new Gifts();
    give(gifts, peer({ id: 2, amInterested: false }), 10_000);
    give(gifts, peer(), 4);
    expect(gifts.mustWait(peer(), 2)).toBe(false);
    give(gifts, peer(), 1);
    expect(gifts.mustWait(peer(), 2)).toBe(true);
  });

  it("forgets who has gone", () => {
    const gifts = new Gifts();
    give(gifts, peer(), 4);
    gifts.gone(peer());
    expect(gifts.isTaker(peer())).toBe(false);
  });
});
