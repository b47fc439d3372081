import { expect, it } from "vitest";
import { asIndexes, bytesOf, choiceOf, isMore, union } from "./get-choice.js";
import { testShare } from "./testing/test-share.js";

it("takes files that exist, and not none of them", async () => {
  const { metainfo } = await testShare([10, 20, 30]);
  expect(choiceOf(metainfo, undefined)).toBeUndefined();
  expect(asIndexes(choiceOf(metainfo, [2, 0, 2]))).toEqual([0, 2]);
  expect(() => choiceOf(metainfo, [3])).toThrow(expect.objectContaining({ code: "link" }) as Error);
  expect(() => choiceOf(metainfo, [])).toThrow(expect.objectContaining({ code: "link" }) as Error);
  expect([bytesOf(metainfo, new Set([0, 2])), bytesOf(metainfo, undefined)]).toEqual([40, 60]);
});

it("knows which choice holds more, all being the most", () => {
  const [some, more] = [new Set([1]), new Set([1, 2])];
  expect([isMore(more, some), isMore(some, more), isMore(undefined, more), isMore(more, undefined)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(asIndexes(union(new Set([3]), some))).toEqual([1, 3]);
  expect(union(some, undefined)).toBeUndefined();
});
