import { expect, test } from "vitest";
import { formatRatio, formatSpread, median } from "./statistics.js";

test("takes the middle one, or the mean of the middle two", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 4, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

test("shows the spread only where there is one", () => {
  expect(formatSpread([150, 138, 142])).toBe("142 (138–150)");
  expect(formatSpread([1.26], 1)).toBe("1.3");
  expect(formatSpread([])).toBe("–");
});

test("says of a ratio to nothing that there is none", () => {
  expect(formatRatio(3, 2)).toBe("1.50 ×");
  expect(formatRatio(3, NaN)).toBe("–");
  expect(formatRatio(3, 0)).toBe("–");
});
