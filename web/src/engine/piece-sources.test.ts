import { expect, it } from "vitest";
import { PieceSources } from "./piece-sources.js";

it("remembers who brought a piece last, and nobody for one from before", () => {
  const sources = new PieceSources();
  sources.note(3, "anna");
  sources.note(4, "bert");
  sources.note(3, "bert");
  sources.note(5, "anna");
  expect([2, 3, 4, 5].map((piece) => sources.of(piece))).toEqual([undefined, "bert", "bert", "anna"]);
});
