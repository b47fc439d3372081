import { expect, it } from "vitest";
import { InTurns } from "./in-turns.js";

it("runs so many at once, all of them in the end, and goes on after a failure", async () => {
  const turns = new InTurns(2);
  let running = 0;
  let most = 0;
  const work = (number: number) => async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    if (number === 1) throw new Error("one");
    return number;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => turns.run(work(number))));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  expect(most).toBe(2);
});
