import { expect, test } from "vitest";
import { formatPercent, formatRate, percentOf } from "./format-rate.js";

test("rates are sizes a second", () => {
  expect([0, 8_400_000].map(formatRate)).toEqual(["0 B/s", "8.4 MB/s"]);
});

test("only the whole is 100 per cent", () => {
  expect(percentOf(999_999, 1_000_000)).toBe(99);
  expect(percentOf(1_000_000, 1_000_000)).toBe(100);
  expect(percentOf(0, 0)).toBe(100);
  expect(percentOf(7, 5)).toBe(100);
  expect(formatPercent(34)).toBe("34\u00a0%");
});
