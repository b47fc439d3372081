import { describe, expect, it } from "vitest";
import { Reputation } from "./reputation.js";

const MINUTE = 60_000;

/** Strikes twice; the length of the ban in minutes. */
function banMinutes(reputation: Reputation, now = 0, onlyRoute = false): number {
  expect(reputation.strike("peer", now, onlyRoute)).toBe(false);
  expect(reputation.strike("peer", now, onlyRoute)).toBe(true);
  return (reputation.bannedUntil("peer") - now) / MINUTE;
}

describe("Reputation", () => {
  it("forgives once and bans for ten minutes the second time", () => {
    const reputation = new Reputation();
    expect(reputation.isBanned("peer", 0)).toBe(false);
    expect(banMinutes(reputation)).toBe(10);
    expect(reputation.isBanned("peer", 10 * MINUTE - 1)).toBe(true);
    expect(reputation.isBanned("peer", 10 * MINUTE)).toBe(false);
  });

  it("doubles each further ban, up to a day", () => {
    const reputation = new Reputation();
    let now = 0;
    const bans = Array.from({ length: 10 }, () => {
      const minutes = banMinutes(reputation, now);
      now += minutes * MINUTE;
      return minutes;
    });
    expect(bans).toEqual([10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440]);
  });

  it("bans the only route to a share for 30 s, however often", () => {
    const reputation = new Reputation();
    expect(banMinutes(reputation, 0, true)).toBe(0.5);
    expect(banMinutes(reputation, MINUTE, true)).toBe(0.5);
    expect(banMinutes(reputation, 2 * MINUTE, false)).toBe(40);
  });

  it("does not lengthen a ban for what comes while it lasts", () => {
    const reputation = new Reputation();
    banMinutes(reputation);
    for (let count = 0; count < 40; count++) expect(reputation.strike("peer", 1, false)).toBe(false);
    expect(reputation.bannedUntil("peer")).toBe(10 * MINUTE);
    expect(banMinutes(reputation, 10 * MINUTE)).toBe(20);
  });

  it("takes three broken rules for one strike", () => {
    const reputation = new Reputation();
    for (let count = 0; count < 5; count++) reputation.mistake("peer", 0);
    expect(reputation.isBanned("peer", 1)).toBe(false);
    reputation.mistake("peer", 0);
    expect(reputation.isBanned("peer", 1)).toBe(true);
  });

  it("keeps peers apart", () => {
    const reputation = new Reputation();
    reputation.strike("a", 0, false);
    expect(reputation.strike("b", 0, false)).toBe(false);
    expect(reputation.strike("a", 0, false)).toBe(true);
    expect([reputation.isBanned("a", 1), reputation.isBanned("b", 1)]).toEqual([true, false]);
  });

  it("forgets those first who have been quiet longest, beyond ten thousand", () => {
    const reputation = new Reputation();
    reputation.strike("old", 0, false);
    for (let index = 0; index < 9_999; index++) reputation.strike(`peer ${index}`, 0, false);
    expect(reputation.strike("old", 0, false)).toBe(true);
    reputation.strike("one more", 0, false);
    expect(reputation.isBanned("old", 1)).toBe(true);
    expect(reputation.strike("peer 0", 0, false)).toBe(false);
  });
});
