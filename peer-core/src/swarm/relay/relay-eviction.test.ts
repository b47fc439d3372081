import { describe, expect, it } from "vitest";
import { chooseVictims, type Occupant, type Victim } from "./relay-eviction.js";

/** "rank:servedAt" for each piece, one byte each; "-" for a piece that must stay. */
function occupant(tenant: string, drawn: string): Occupant<string> {
  const parts = drawn.split(" ").filter((part) => part !== "");
  const victims = parts.flatMap((part, piece): Victim[] => {
    const [rank, servedAt] = part.split(":").map(Number);
    return part === "-" ? [] : [{ piece, bytes: 1, rank: rank ?? 0, servedAt: servedAt ?? 0 }];
  });
  return { tenant, bytes: parts.length, victims };
}

function evicted(bytes: number, ...occupants: Occupant<string>[]): string[] {
  const view = { asker: "a", bytes, quotaBytes: 16, occupants };
  return chooseVictims(view).map(({ tenant, piece }) => `${tenant}${piece}`);
}

describe("chooseVictims", () => {
  it("begins with what nobody wants, then takes what all have, then what the slow wait for, then what was served longest ago", () => {
    const own = occupant("a", "2:1 2:9 1:5 0:7 0:6");
    expect(evicted(1, own)).toEqual(["a4"]);
    expect(evicted(4, own)).toEqual(["a4", "a3", "a2", "a0"]);
    expect(evicted(2, occupant("a", "4:1 3:9 3:8"))).toEqual(["a2", "a1"]);
  });

  it("takes of pieces alike from every share in turn, also of those that nobody was ever given", () => {
    for (const served of [5, -Infinity]) {
      const alike = `0:${served} 0:${served}`;
      expect(evicted(3, occupant("a", alike), occupant("b", alike))).toEqual(["a0", "b0", "a1"]);
    }
  });

  it("never takes what must stay", () => {
    expect(evicted(3, occupant("a", "- 2:1 -"))).toEqual(["a1"]);
  });

  it("takes from others what nobody waits for, and what is beyond their quarter", () => {
    const small = occupant("b", "2:1 2:1 0:9");
    const large = occupant("c", "2:5 2:4 2:3 2:2 2:1 2:0");
    expect(evicted(9, occupant("a", ""), small, large)).toEqual(["b2", "c5", "c4"]);
  });

  it("takes nothing that others wait for when the asker has its quarter itself", () => {
    const asker = occupant("a", "- - - - -");
    expect(evicted(2, asker, occupant("c", "2:5 2:4 2:3 2:2 2:1 2:0"))).toEqual([]);
  });
});
