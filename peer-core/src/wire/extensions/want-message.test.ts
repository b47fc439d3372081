import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_WANT_BYTES } from "../limits.js";
import { decodeWant, encodeWant } from "./want-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("a want message", () => {
  it("comes back as it was encoded, in memory of its own", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bits) => {
        const payload = encodeWant(bits);
        const decoded = decodeWant(payload);
        expect(decoded).toEqual(bits);
        payload.fill(0xaa);
        expect(decoded).toEqual(bits);
      }),
    );
  });

  it("has no more bits than a share may have pieces", () => {
    expect(decodeWant(new Uint8Array(MAX_WANT_BYTES))).toHaveLength(MAX_WANT_BYTES);
    expect(() => decodeWant(new Uint8Array(MAX_WANT_BYTES + 1))).toThrow(wireError);
  });
});
