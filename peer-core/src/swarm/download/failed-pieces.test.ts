import { describe, expect, it } from "vitest";
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

describe("FailedPieces", () => {
  it("blames the one peer that a bad piece came from", () => {
    const failed = new FailedPieces();
    const bad = piece("aAa");
    expect(failed.onMismatch(bad)).toBe(idOf("a"));
    expect(failed.keeps(bad)).toBe(false);
  });

  it("blames nobody for a piece from several until the right bytes tell who it was", () => {
    const failed = new FailedPieces();
    const bad = piece("abCa");
    expect(failed.onMismatch(bad)).toBeUndefined();
    expect(failed.keeps(bad)).toBe(true);
    expect(names(failed.onMatch(piece("dddd")))).toBe("c");
    expect(failed.keeps(bad)).toBe(false);
  });

  it("finds every culprit of a piece", () => {
    const failed = new FailedPieces();
    failed.onMismatch(piece("AbCB"));
    expect(names(failed.onMatch(piece("dddd")))).toBe("acb");
  });

  it("has nobody to blame for a piece that never failed", () => {
    expect(names(new FailedPieces().onMatch(piece("ab")))).toBe("");
  });

  it("still finds the culprit after the piece has failed again, from one peer alone", () => {
    const failed = new FailedPieces();
    failed.onMismatch(piece("aB"));
    expect(failed.onMismatch(piece("BB"))).toBe(idOf("b"));
    expect(names(failed.onMatch(piece("cc")))).toBe("b");
  });

  it("keeps four copies at most", () => {
    const failed = new FailedPieces();
    const copies = [0, 1, 2, 3, 4].map((index) => piece("aB", index));
    for (const copy of copies) expect(failed.onMismatch(copy)).toBeUndefined();
    expect(copies.map((copy) => failed.keeps(copy))).toEqual([true, true, true, true, false]);
  });
});
