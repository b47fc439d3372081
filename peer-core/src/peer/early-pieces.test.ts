import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PIECES } from "../wire/limits.js";
import { EarlyPieces } from "./early-pieces.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;
const SIZE = 40;

describe("EarlyPieces", () => {
  it("resolves to what a plain set would hold, whatever was said", () => {
    const word = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom("none" as const, "all" as const) },
      { weight: 9, arbitrary: fc.tuple(fc.nat({ max: SIZE - 1 }), fc.boolean()) },
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const early = new EarlyPieces();
        const model = new Set<number>();
        for (const said of words) {
          if (typeof said === "string") {
            early.claim(said);
            model.clear();
            if (said === "all") for (let piece = 0; piece < SIZE; piece++) model.add(piece);
          } else {
            early.note(...said);
            if (said[1]) model.add(said[0]);
            else model.delete(said[0]);
          }
        }
        expect([...early.resolve(SIZE).indexes()]).toEqual([...model].sort((a, b) => a - b));
      }),
    );
  });

  it("keeps a copy of a bitfield, on top of which single pieces count", () => {
    const bytes = new Uint8Array([0b1010_0000]);
    const early = new EarlyPieces();
    early.claim(bytes);
    bytes.fill(0xff);
    early.note(2, false);
    early.note(7, true);
    expect([...early.resolve(8).indexes()]).toEqual([0, 7]);
  });

  it("refuses what no share can have, and what this one has not", () => {
    const early = new EarlyPieces();
    expect(() => early.note(MAX_PIECES, true)).toThrow(wireError);
    expect(() => early.claim(new Uint8Array(MAX_PIECES / 8 + 1))).toThrow(wireError);
    early.note(MAX_PIECES - 1, true);
    expect(() => early.resolve(MAX_PIECES - 1)).toThrow(wireError);
    expect(early.resolve(MAX_PIECES).count).toBe(1);
  });
});
