import { describe, expect, it } from "vitest";
import type { PeerSession } from "../../peer/peer-session.js";
import { Usefulness } from "./usefulness.js";

/** A link on which nobody wants anything; `isDialable`: the peer says where it can be dialled. */
function idle(id: number, isDialable: boolean): PeerSession {
  return { id, amInterested: false, remote: { isInterested: false, isDialable } } as unknown as PeerSession;
}

function usefulness(hasNews?: (session: PeerSession) => boolean): Usefulness {
  return new Usefulness({
    amDialable: () => true,
    amComplete: () => false,
    asksToKeep: false,
    isOpen: () => true,
    hasNews,
  });
}

describe("the least useful link", () => {
  it("is the one that nothing has passed on for longest", () => {
    const [first, second] = [idle(1, false), idle(2, false)];
    const links = usefulness();
    links.note(first, 2_000);
    links.note(second, 1_000);
    expect(links.leastUseful([first, second])).toBe(second);
  });

  it("is never one that a relay could not open again to a peer that holds what is not here", () => {
    const [sharing, leaving, dialable] = [idle(1, false), idle(2, false), idle(3, true)];
    const links = usefulness((session) => session !== leaving);
    links.note(sharing, 1_000);
    links.note(leaving, 2_000);
    links.note(dialable, 3_000);
    expect(links.leastUseful([sharing, leaving, dialable])).toBe(leaving);
    expect(links.leastUseful([sharing, dialable])).toBe(dialable);
    expect(links.leastUseful([sharing])).toBeUndefined();
  });
});
