import { describe, expect, it } from "vitest";
import { FirstCopies } from "./first-copies.js";

describe("FirstCopies", () => {
  it("keeps a piece that is being sent from others, not from who gets it, for a second", () => {
    const copies = new FirstCopies();
    expect(copies.isElsewhere(7, 1, 0)).toBe(false);
    copies.sent(7, 1, 100);
    expect([copies.isElsewhere(7, 1, 100), copies.isElsewhere(7, 2, 100), copies.isElsewhere(8, 2, 100)]).toEqual([
      false,
      true,
      false,
    ]);
    expect([copies.isElsewhere(7, 2, 1_099), copies.isElsewhere(7, 2, 1_100)]).toEqual([true, false]);
  });

  it("makes nobody wait a second time for the same piece", () => {
    const copies = new FirstCopies();
    copies.sent(7, 1, 0);
    copies.sent(7, 2, 1_000);
    expect(copies.isElsewhere(7, 3, 1_000)).toBe(false);
  });

  it("keeps nothing that somebody has, nor what was for a peer that is gone", () => {
    const copies = new FirstCopies();
    for (const piece of [7, 8, 9]) copies.sent(piece, piece === 9 ? 2 : 1, 0);
    copies.settled(7);
    expect([7, 8, 9].map((piece) => copies.isElsewhere(piece, 3, 0))).toEqual([false, true, true]);
    copies.gone(1);
    expect([7, 8, 9].map((piece) => copies.isElsewhere(piece, 3, 0))).toEqual([false, false, true]);
  });
});
