import { expect, test } from "vitest";
import { KeyedAllowance, spend } from "./allowance.js";

const allowance = { burst: 3, period: 10 };

test("allows the burst, refuses the next, allows one more per period", () => {
  let fullAt = 0;
  for (let i = 0; i < 3; i++) fullAt = spend(fullAt, 100, allowance) ?? Number.NaN;
  expect(spend(fullAt, 100, allowance)).toBeUndefined();
  expect(spend(fullAt, 109, allowance)).toBeUndefined();
  expect(spend(fullAt, 110, allowance)).toBe(fullAt + 10);
});

test("keeps keys apart", () => {
  const keyed = new KeyedAllowance({ burst: 1, period: 10 }, 10);
  expect([keyed.take("a", 0), keyed.take("a", 0), keyed.take("b", 0)]).toEqual([true, false, true]);
});

test("forgets keys that are as good as new, and the least recently seen beyond its bound", () => {
  const keyed = new KeyedAllowance({ burst: 2, period: 10 }, 2);
  for (const key of ["a", "b", "c"]) keyed.take(key, 0);
  expect(keyed.size).toBe(2);
  keyed.take("d", 1_000);
  expect(keyed.size).toBe(1);
});
