import { expect, test } from "vitest";
import { takeTurns, type TurnTaker } from "./turns.js";

/** Runs with these rates, one after the other; notes each in `log`. */
function taker(name: string, rates: readonly number[], log: string[] = []): TurnTaker<number> {
  let at = 0;
  return {
    name,
    isOurs: name === "ours",
    run: () => {
      log.push(name);
      const rate = rates[at++];
      return rate === undefined ? Promise.reject(new Error("broke down")) : Promise.resolve(rate);
    },
  };
}

function rules(runs: number, warmUps = 0) {
  return { runs, warmUps, rateOf: (rate: number) => rate, say: () => undefined };
}

test("lets everybody run in turns, and does not count the warm-up", async () => {
  const log: string[] = [];
  const taken = await takeTurns([taker("a", [1, 10, 11], log), taker("b", [2, 20, 21], log)], rules(2, 1));
  expect(log.join("")).toBe("ababab");
  expect(taken.map(({ results }) => results)).toEqual([
    [10, 11],
    [20, 21],
  ]);
});

test("makes a rival's disturbed run again, the first one too, and says how many there were", async () => {
  const [taken] = await takeTurns([taker("rival", [30, 100, 49, 101, 102, 103])], rules(4));
  expect(taken).toMatchObject({ results: [100, 101, 102, 103], discarded: 2, problem: undefined });
});

test("keeps every run of ours", async () => {
  const [taken] = await takeTurns([taker("ours", [30, 100, 101])], rules(3));
  expect(taken).toMatchObject({ results: [30, 100, 101], discarded: 0 });
});

test("goes on without whoever fails, and tells why", async () => {
  const [failed, other] = await takeTurns([taker("rival", [5]), taker("ours", [6, 7, 8])], rules(3));
  expect(failed).toMatchObject({ results: [5], problem: "broke down" });
  expect(other).toMatchObject({ results: [6, 7, 8], problem: undefined });
});
