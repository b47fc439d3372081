import { expect, test } from "vitest";
import { trendOf } from "./regression.js";

const HOUR = 3_600_000;

test("finds the slope under a sawtooth, and an error that covers it", () => {
  const samples = Array.from({ length: 1_000 }, (_, index) => {
    const atMs = (index * 2 * HOUR) / 1_000;
    return { atMs, value: 100 + 3 * (atMs / HOUR) + (index % 37) };
  });
  const trend = trendOf(samples);
  expect(trend?.error).toBeLessThan(1);
  expect(Math.abs((trend?.perHour ?? 0) - 3)).toBeLessThan(3 * (trend?.error ?? 0));
});

test("calls flat what is flat, and nothing what is too short", () => {
  const flat = Array.from({ length: 100 }, (_, index) => ({ atMs: index * 1_000, value: 5 }));
  expect(trendOf(flat)).toMatchObject({ perHour: 0, error: 0, first: 5, last: 5 });
  expect(trendOf(flat.slice(0, 2))).toBeUndefined();
});
