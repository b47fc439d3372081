import { describe, expect, it } from "vitest";
import { PieceSuggester } from "./piece-suggester.js";

const KIB = 1024;
const isNew = () => true;

function suggester(pieceCount: number, chance = 0, pieceLength = 256 * KIB): PieceSuggester {
  return new PieceSuggester({ pieceCount, pieceLength, chance });
}

describe("PieceSuggester", () => {
  it("tells each peer other pieces, in order, and none twice", () => {
    const parts = suggester(5);
    expect(parts.plan(1, isNew)).toEqual([0, 1]);
    expect(parts.plan(2, isNew)).toEqual([2, 3]);
    expect(parts.plan(3, isNew)).toEqual([4]);
    expect(parts.plan(4, isNew)).toEqual([]);
  });

  it("begins where chance says, and comes round once", () => {
    const parts = suggester(4, 0.75);
    expect([...parts.plan(1, isNew), ...parts.plan(2, isNew), ...parts.plan(3, isNew)]).toEqual([3, 0, 1, 2]);
  });

  it("suggests more when a peer has asked for what it was told, or has it", () => {
    const parts = suggester(9);
    parts.plan(1, isNew);
    expect(parts.plan(1, isNew)).toEqual([]);
    expect(parts.settled(1, 7)).toBe(false);
    expect(parts.settled(2, 0)).toBe(false);
    expect(parts.settled(1, 0)).toBe(true);
    expect(parts.settled(1, 0)).toBe(false);
    expect(parts.plan(1, isNew)).toEqual([2]);
  });

  it("passes over what somebody has already", () => {
    expect(suggester(6).plan(1, (piece) => piece % 2 === 1)).toEqual([1, 3]);
  });

  it("gives to others what a peer that has gone did not ask for", () => {
    const parts = suggester(4);
    parts.plan(1, isNew);
    parts.settled(1, 1);
    parts.gone(1);
    parts.gone(1);
    expect(parts.plan(2, isNew)).toEqual([0, 2]);
  });

  it("looks a quarter of a megabyte ahead", () => {
    expect(suggester(99, 0, 32 * KIB).plan(1, isNew)).toHaveLength(8);
    expect(suggester(99, 0, 4_096 * KIB).plan(1, isNew)).toHaveLength(2);
  });
});
