import { expect, test } from "vitest";
import { PIECE } from "../engine/messages.js";
import { gridFor, kindsIn, paintOf } from "./piece-map.js";

test("a byte tells what became of a piece and who brought it", () => {
  expect([PIECE.missing, PIECE.unwanted, PIECE.underWay, PIECE.here, 255].map((byte) => paintOf(byte).kind)).toEqual([
    "missing",
    "unwanted",
    "under-way",
    "here",
    "here",
  ]);
  expect(paintOf(PIECE.from + 3)).toEqual({ kind: "from", source: 3 });
  expect(paintOf(PIECE.from + 9)).toEqual({ kind: "from", source: 9 });
  expect(paintOf(7).kind).toBe("missing");
});

test.each([
  [1, 320],
  [300, 320],
  [4_096, 320],
  [4_096, 660],
  [10, 3],
])("%i cells find their place in %i px", (cells, width) => {
  const { columns, rows, pitch } = gridFor(cells, width);
  expect(columns * rows).toBeGreaterThanOrEqual(cells);
  expect(columns === 1 || columns * pitch <= width + 0.001).toBe(true);
});

test("few pieces are large, many are small", () => {
  expect(gridFor(20, 640).pitch).toBe(14);
  expect(gridFor(4_096, 640).pitch).toBeLessThan(8);
});

test("several rows of cells fill the width", () => {
  const { columns, pitch } = gridFor(300, 323);
  expect(columns * pitch).toBeCloseTo(323);
});

test("a key names the kinds that a map shows", () => {
  expect(kindsIn(Uint8Array.of(PIECE.missing, PIECE.from, 255, PIECE.missing))).toEqual(["here", "missing"]);
  expect(kindsIn(Uint8Array.of(PIECE.from + 1))).toEqual([]);
});
