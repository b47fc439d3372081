import { expect, test } from "vitest";
import { formatMoment, formatTimeLeft, secondsLeft } from "./format-time.js";

test.each([
  [undefined, ""],
  [Infinity, ""],
  [2, "a few seconds left"],
  [37, "40 s left"],
  [57, "1 min left"],
  [170, "3 min left"],
  [3_590, "1 h left"],
  [7_400, "2 h 5 min left"],
  [86_400 * 2, "2 days left"],
  [1e9, "more than a month left"],
])("%s seconds are written %j", (seconds, text) => {
  expect(formatTimeLeft(seconds)).toBe(text);
});

test("what stands still takes nobody knows how long", () => {
  expect(secondsLeft(1_000, 0)).toBeUndefined();
  expect(secondsLeft(1_000, 100)).toBe(10);
});

test("moments are named by what tells them apart", () => {
  const now = new Date(2026, 10, 26, 12, 0).getTime();
  expect(formatMoment(new Date(2026, 10, 26, 18, 5).getTime(), now)).toBe("18:05");
  expect(formatMoment(new Date(2026, 10, 27, 18, 0).getTime(), now)).toBe("Friday 18:00");
  expect(formatMoment(new Date(2026, 11, 24, 8, 0).getTime(), now)).toBe("24 Dec 08:00");
});
