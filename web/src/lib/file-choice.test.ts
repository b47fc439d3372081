import { expect, test } from "vitest";
import { choiceOf, chosenBytes, chosenOf, selectionOf, withFiles } from "./file-choice.js";

const files = [5, 7, 11].map((size) => ({ size, isChosen: size !== 7 }));

test("begins with what the engine says", () => {
  expect([...choiceOf(files)]).toEqual([0, 2]);
});

test("a folder takes all its files with it, and leaves the others alone", () => {
  const choice = withFiles(choiceOf(files), [1, 2], false);
  expect([...choice]).toEqual([0]);
  expect(chosenOf(choice, [1, 2])).toBe("none");
  expect(chosenOf(choice, [0, 1])).toBe("some");
  expect(chosenOf(withFiles(choice, [1], true), [0, 1])).toBe("all");
});

test("counts the bytes that are chosen, strange indexes as nothing", () => {
  expect(chosenBytes(new Set([0, 2, 99]), files)).toBe(16);
});

test("everything needs no list; a part comes in order", () => {
  expect(selectionOf(new Set([2, 0, 1]), 3)).toBeUndefined();
  expect(selectionOf(new Set([2, 0]), 3)).toEqual([0, 2]);
});
