import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeKept, encodeKept } from "./kept-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("a kept message", () => {
  it("comes back as it was encoded, to the second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), fc.integer({ min: 0, max: 999 }), (seconds, ms) => {
        expect(decodeKept(encodeKept(seconds * 1_000 + ms))).toBe(seconds * 1_000);
      }),
    );
  });

  it("has eight bytes, neither more nor fewer", () => {
    for (const length of [0, 4, 7, 9]) expect(() => decodeKept(new Uint8Array(length))).toThrow(wireError);
  });

  it("promises nothing beyond the year 9999", () => {
    expect(() => decodeKept(new Uint8Array(8).fill(0xff))).toThrow(wireError);
    expect(decodeKept(encodeKept(Number.MAX_SAFE_INTEGER))).toBe(253_402_300_799_000);
  });
});
