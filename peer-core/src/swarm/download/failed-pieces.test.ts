import { describe, expect, it } from "vitest";
import { ByteBudget } from "../../base/byte-budget.js";
import { Geometry, UNIT_BYTES } from "../../torrent/geometry.js";
import { FailedPieces } from "./failed-pieces.js";
import { PieceAssembly } from "./piece-assembly.js";

/**
 * A piece of one unit per letter: the letter is the sender, a capital one sent wrong bytes.
 */
function piece(drawn: string, index = 0): PieceAssembly {
  const geometry = new Geometry(drawn.length * UNIT_BYTES * 16, drawn.length * UNIT_BYTES);
  const assembly = new PieceAssembly(geometry.pieceIndex(index), new Uint8Array(drawn.length * UNIT_BYTES));
  Array.from(drawn).forEach((letter, unit) => {
    const isWrong = letter !== letter.toLowerCase();
    const bytes = new Uint8Array(UNIT_BYTES).fill(isWrong ? 255 : unit);
    assembly.add(unit * UNIT_BYTES, bytes, idOf(letter.toLowerCase()));
  });
  return assembly;
}

function idOf(letter: string): number {
  return letter.charCodeAt(0);
}

function names(ids: Iterable<number>): string {
  return [...ids].map((id) => String.fromCharCode(id)).join("");
}

function failedPieces(budget = new ByteBudget(1024 * 1024 * 1024)): FailedPieces {
  return new FailedPieces(budget);
}

function kept(failed: FailedPieces): number[] {
  return Array.from(failed.copies(), (copy) => copy.piece);
}

describe("FailedPieces", () => {
  it("blames the one peer that a bad piece came from", () => {
    const failed = failedPieces();
    const bad = piece("aAa");
    expect(failed.onMismatch(bad)).toBe(idOf("a"));
    expect(kept(failed)).toEqual([]);
  });

  it("blames nobody for a piece from several until the right bytes tell who it was", () => {
    const failed = failedPieces();
    const bad = piece("abCa");
    expect(failed.onMismatch(bad)).toBeUndefined();
    expect(kept(failed)).toEqual([0]);
    expect(names(failed.onMatch(piece("dddd")))).toBe("c");
    expect(kept(failed)).toEqual([]);
  });

  it("finds every culprit of a piece", () => {
    const failed = failedPieces();
    failed.onMismatch(piece("AbCB"));
    expect(names(failed.onMatch(piece("dddd")))).toBe("acb");
  });

  it("counts each piece until it comes right, whoever was to blame", () => {
    const failed = failedPieces();
    expect(failed.count).toBe(0);
    failed.onMismatch(piece("A", 0));
    failed.onMismatch(piece("bC", 1));
    failed.onMismatch(piece("B", 0));
    expect(failed.count).toBe(2);
    failed.onMatch(piece("d", 0));
    expect(failed.count).toBe(1);
    failed.onMatch(piece("dd", 1));
    failed.onMatch(piece("d", 2));
    expect(failed.count).toBe(0);
  });

  it("has nobody to blame for a piece that never failed", () => {
    expect(names(failedPieces().onMatch(piece("ab")))).toBe("");
  });

  it("still finds the culprit after the piece has failed again, from one peer alone", () => {
    const failed = failedPieces();
    failed.onMismatch(piece("aB"));
    expect(failed.onMismatch(piece("BB"))).toBe(idOf("b"));
    expect(names(failed.onMatch(piece("cc")))).toBe("b");
  });

  it("keeps four copies at most", () => {
    const failed = failedPieces();
    const copies = [0, 1, 2, 3, 4].map((index) => piece("aB", index));
    for (const copy of copies) expect(failed.onMismatch(copy)).toBeUndefined();
    expect(kept(failed)).toEqual([0, 1, 2, 3]);
  });

  it("keeps copies in an eighth of the memory for pieces under way, and gives it back", () => {
    const budget = new ByteBudget(16 * 2 * UNIT_BYTES);
    const failed = failedPieces(budget);
    for (const index of [0, 1, 2]) failed.onMismatch(piece("aB", index));
    expect([kept(failed), budget.used]).toEqual([[0, 1], 2 * 2 * UNIT_BYTES]);
    failed.onMismatch(piece("Ab", 0));
    failed.onMatch(piece("cc", 1));
    expect([kept(failed), budget.used]).toEqual([[0], 2 * UNIT_BYTES]);
    failed.clear();
    expect([kept(failed), budget.used]).toEqual([[], 0]);
  });

  it("keeps none where the pieces under way need all memory", () => {
    const budget = new ByteBudget(16 * 2 * UNIT_BYTES);
    budget.take(16 * 2 * UNIT_BYTES);
    const failed = failedPieces(budget);
    expect(failed.onMismatch(piece("aB"))).toBeUndefined();
    expect(kept(failed)).toEqual([]);
  });
});
