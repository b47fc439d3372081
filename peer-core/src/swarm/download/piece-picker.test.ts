import { describe, expect, it } from "vitest";
import { fieldOf, script } from "../../../testing/swarm-script.js";
import { Suggestions } from "../../peer/suggestions.js";
import { seededRandom } from "../../../testing/seeded-random.js";

describe("PiecePicker", () => {
  it("picks the rarest piece that is lacking and held by the peer", () => {
    const { picker } = script({ have: "x...", availability: "1213" });
    expect(picker.pick(fieldOf("xxxx"))).toBe(2);
    expect(picker.pick(fieldOf("xx.x"))).toBe(1);
    expect(picker.pick(fieldOf("...x"))).toBe(3);
  });

  it("picks nothing that is here, not wanted or not held by the peer", () => {
    const { picker } = script({ have: "xx-.", availability: "1111" });
    expect(picker.pick(fieldOf("xxxx"))).toBe(3);
    expect(picker.pick(fieldOf("xxx."))).toBeUndefined();
    expect(picker.pick(fieldOf("...."))).toBeUndefined();
  });

  it("picks nothing that has been begun", () => {
    const { picker } = script({ have: "....", availability: "1213", inFlight: "b.a." });
    expect(picker.pick(fieldOf("xxxx"))).toBe(1);
  });

  it("breaks ties at random, each piece about as often", () => {
    const { picker } = script({ have: "......", availability: "212313", random: seededRandom(5) });
    const counts = [0, 0, 0, 0, 0, 0];
    for (let turn = 0; turn < 1_000; turn++) {
      const piece = picker.pick(fieldOf("xxxxxx")) ?? 0;
      counts[piece] = (counts[piece] ?? 0) + 1;
    }
    expect(counts[0]! + counts[2]! + counts[3]! + counts[5]!).toBe(0);
    expect(counts[1]).toBeGreaterThan(400);
    expect(counts[4]).toBeGreaterThan(400);
  });

  it("takes what the peer suggests, but never before a rarer piece, nor what is here, begun or not held", () => {
    const { picker } = script({ have: "....x...", availability: "11121111", inFlight: ".....a.." });
    const suggest = (...pieces: number[]) => {
      const suggestions = new Suggestions();
      for (const piece of pieces) suggestions.add(piece);
      return suggestions;
    };
    expect(picker.pick(fieldOf("xxxxxxxx"), suggest(2, 1))).toBe(2);
    expect(picker.pick(fieldOf("xxxxxx.x"), suggest(3, 4, 5, 6, 99, 7))).toBe(7);
    expect(picker.pick(fieldOf("xxxxxxxx"), suggest(3))).toBe(0);
    expect(picker.pick(fieldOf("xxxxxxxx"), suggest())).toBe(0);
  });

  it("takes the last of the ties when chance says so", () => {
    const { picker } = script({ have: "....", availability: "1111", random: { float: () => 0.999_999 } });
    expect(picker.pick(fieldOf("xxxx"))).toBe(3);
  });

  it("goes on behind a piece where that is asked for, over what is here, begun or not held", () => {
    const { picker, geometry } = script({ have: ".xx-...", availability: "1113211", inFlight: "....a.." });
    expect(picker.pickAfter(geometry.pieceIndex(0), fieldOf("xxxxxxx"))).toBe(5);
    expect(picker.pickAfter(geometry.pieceIndex(0), fieldOf("xxxxx.x"))).toBe(6);
    expect(picker.pickAfter(geometry.pieceIndex(6), fieldOf("xxxxxxx"))).toBe(0);
  });

  it("does not go on too far behind a piece", () => {
    const { picker, geometry } = script({ have: `..${"x".repeat(70)}.`, availability: "2".repeat(73) });
    expect(picker.pickAfter(geometry.pieceIndex(1), fieldOf("x".repeat(73)))).toBe(0);
    expect(picker.pickAfter(geometry.pieceIndex(7), fieldOf("x".repeat(73)))).toBe(0);
    expect(picker.pickAfter(geometry.pieceIndex(8), fieldOf("x".repeat(73)))).toBe(72);
  });

  it("keeps out of the way of those who go on, but never past a rarer piece", () => {
    const { picker, geometry } = script({ have: "........", availability: "22222222" });
    const [two, six] = [geometry.pieceIndex(2), geometry.pieceIndex(6)];
    expect(picker.pickAhead([two], fieldOf("xxxxxxxx"))).toBe(1);
    expect(picker.pickAhead([two], fieldOf("..xxxx.."))).toBe(5);
    expect(picker.pickAhead([two, six], fieldOf("xxxxxxxx"))).toBe(1);
    expect(picker.pickAhead([two, six], fieldOf("..xxx..x"))).toBe(4);
    expect(picker.pickAhead([two, geometry.pieceIndex(3)], fieldOf("x.x....."))).toBe(0);
    expect(picker.pickAhead([two], fieldOf("........"))).toBeUndefined();
    const { picker: other } = script({ have: "........", availability: "22212222" });
    expect(other.pickAhead([two], fieldOf("xxxxxxxx"))).toBe(3);
  });

  it("knows whether anything can still be begun", () => {
    expect(script({ have: "x.-.", availability: "1011" }).picker.hasAnythingToBegin()).toBe(true);
    expect(script({ have: "x.-.", availability: "1010" }).picker.hasAnythingToBegin()).toBe(false);
    expect(script({ have: "x.-.", availability: "1111", inFlight: ".a.a" }).picker.hasAnythingToBegin()).toBe(false);
  });
});
