import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeDontHave, encodeDontHave } from "./dont-have-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("a donthave message", () => {
  it("comes back as it was encoded", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (piece) => {
        expect(decodeDontHave(encodeDontHave(piece))).toBe(piece);
      }),
    );
  });

  it("has four bytes, neither more nor fewer", () => {
    for (const length of [0, 3, 5]) expect(() => decodeDontHave(new Uint8Array(length))).toThrow(wireError);
  });
});
