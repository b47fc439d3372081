import { expect, it } from "vitest";
import { MAX_SOURCES } from "./piece-map.js";
import { PieceSources } from "./piece-sources.js";

const host = (): string => "a.example";

it("remembers who brought a piece last, and nobody for one from before", () => {
  const sources = new PieceSources();
  sources.note(3, "anna", () => "a.example");
  sources.note(4, "bert", () => "b.example");
  sources.note(3, "bert", host);
  sources.note(5, "anna", host);
  expect([2, 3, 4, 5].map((piece) => sources.of(piece))).toEqual([undefined, 1, 1, 0]);
  expect(sources.list()).toEqual([
    { id: "anna", label: "a.example", pieceCount: 1 },
    { id: "bert", label: "b.example", pieceCount: 2 },
  ]);
});

it("does not grow with peers that come and go", () => {
  const sources = new PieceSources();
  for (let piece = 0; piece < 2 * MAX_SOURCES; piece++) sources.note(piece, `peer ${piece}`, host);
  expect(sources.list()).toHaveLength(MAX_SOURCES);
  expect(sources.of(2 * MAX_SOURCES - 1)).toBe(MAX_SOURCES);
});
