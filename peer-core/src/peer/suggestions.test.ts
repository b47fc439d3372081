import { expect, it } from "vitest";
import { Suggestions } from "./suggestions.js";

it("gives what was suggested in its order, each once, and forgets what is of no use", () => {
  const suggestions = new Suggestions();
  for (const piece of [3, 1, 3, 2, 5]) suggestions.add(piece);
  expect(suggestions.take((piece) => piece !== 1)).toBe(3);
  expect(suggestions.take((piece) => piece !== 1 && piece !== 3)).toBe(2);
  expect(suggestions.take((piece) => piece === 1)).toBeUndefined();
  expect(suggestions.take(() => true)).toBeUndefined();
});

it("remembers the newest 32, whatever a peer suggests", () => {
  const suggestions = new Suggestions();
  for (let piece = 0; piece < 100; piece++) suggestions.add(piece);
  const left: number[] = [];
  for (let next; (next = suggestions.take(() => true)) !== undefined;) left.push(next);
  expect(left).toEqual(Array.from({ length: 32 }, (_, at) => 68 + at));
});
