import { describe, expect, it } from "vitest";
import { decodeClose, encodeClose } from "./close-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("a close message", () => {
  it("comes back as it was encoded", () => {
    for (const farewell of [
      { code: 4004, message: "piece 17" },
      { code: 1000, message: "" },
      { code: 65_535, message: "größer" },
    ]) {
      expect(decodeClose(encodeClose(farewell))).toEqual(farewell);
    }
  });

  it("keeps its code when its message is too long, cut, or no text", () => {
    expect(decodeClose(encodeClose({ code: 4002, message: "a".repeat(500) })).message).toHaveLength(123);
    expect(decodeClose(encodeClose({ code: 4002, message: "é".repeat(100) }))).toEqual({ code: 4002, message: "" });
    expect(decodeClose(new Uint8Array(1_000).fill(0x0f))).toEqual({ code: 0x0f0f, message: "" });
  });

  it("has a code", () => {
    for (const length of [0, 1]) expect(() => decodeClose(new Uint8Array(length))).toThrow(wireError);
  });
});
