import { describe, expect, it } from "vitest";
import { PIECE } from "./messages.js";
import { MAX_CELLS, pieceMap } from "./piece-map.js";

/** One character a piece: `.` missing, `-` unwanted, `~` under way, `x` here, a digit: here, from that peer. */
function map(pieces: string): number[] {
  return [...pieceMap(facts(pieces.length, (piece) => pieces[piece] ?? "."))];
}

function facts(pieceCount: number, at: (piece: number) => string) {
  return {
    pieceCount,
    has: (piece: number) => /[x\d]/.test(at(piece)),
    isUnderWay: (piece: number) => at(piece) === "~",
    isWanted: (piece: number) => at(piece) !== "-",
    sourceOf: (piece: number) => (/\d/.test(at(piece)) ? Number(at(piece)) : undefined),
  };
}

describe("pieceMap", () => {
  it("says of each piece where it stands and who brought it", () => {
    const { missing, unwanted, underWay, here, from } = PIECE;
    expect(map(".-~x03")).toEqual([missing, unwanted, underWay, here, from, from + 3]);
  });

  it("groups pieces evenly where there are too many, the last group being smaller", () => {
    expect(pieceMap(facts(MAX_CELLS, () => "x"))).toHaveLength(MAX_CELLS);
    expect(pieceMap(facts(MAX_CELLS + 1, () => "x"))).toHaveLength(Math.ceil((MAX_CELLS + 1) / 2));
  });

  it("calls a group here only when nothing wanted in it is missing", () => {
    const of = (group: string): number => pieceMap(facts(2 * MAX_CELLS, (piece) => group[piece % 2] ?? "."))[0] ?? -1;
    expect([of("x."), of("x-"), of("x~"), of("1x"), of("--"), of("-.")]).toEqual([
      PIECE.missing,
      PIECE.here,
      PIECE.underWay,
      PIECE.from + 1,
      PIECE.unwanted,
      PIECE.missing,
    ]);
  });

  it("has one byte for all peers that cannot be told apart", () => {
    const far = { ...facts(1, () => "x"), sourceOf: () => Infinity };
    expect([...pieceMap(far)]).toEqual([255]);
  });
});
