import { expect, it } from "vitest";
import { runParallel } from "./run-parallel.js";

it("works on every item, never on more than allowed at once", async () => {
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  await runParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    seen.push(item);
    running--;
  });
  expect(seen.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

it("begins nothing after an error, and rejects only when what was begun has ended", async () => {
  const events: string[] = [];
  const running = runParallel(["slow", "bad", "never"], 2, async (item) => {
    events.push(item);
    if (item === "bad") throw new Error("bad");
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    events.push("slow ended");
  });
  await expect(running).rejects.toThrow("bad");
  expect(events).toEqual(["slow", "bad", "slow ended"]);
});
