import { describe, expect, it } from "vitest";
import { ByteBudget } from "./byte-budget.js";

describe("ByteBudget", () => {
  it("has room up to its limit, and again for what was given back", () => {
    const budget = new ByteBudget(100);
    budget.take(60);
    expect([budget.used, budget.hasRoomFor(40), budget.hasRoomFor(41)]).toEqual([60, true, false]);
    budget.give(60);
    expect([budget.used, budget.hasRoomFor(100)]).toEqual([0, true]);
  });
});
