import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "./bytes.js";
import { idBytes, infoHashFromBytes, parseInfoHash, peerIdFromBytes } from "./ids.js";

describe("ids", () => {
  it("keep their 20 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        expect(idBytes(infoHashFromBytes(bytes))).toEqual(bytes);
        expect(idBytes(peerIdFromBytes(bytes))).toEqual(bytes);
        expect(parseInfoHash(toHex(bytes).toUpperCase())).toBe(infoHashFromBytes(bytes));
      }),
    );
  });

  it("have 20 bytes, neither more nor fewer", () => {
    for (const length of [0, 19, 21]) {
      expect(() => infoHashFromBytes(new Uint8Array(length))).toThrow("20 bytes");
      expect(() => peerIdFromBytes(new Uint8Array(length))).toThrow("20 bytes");
    }
  });

  it("are read from the base32 of old magnets", () => {
    expect(parseInfoHash("AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT")).toBe("000102030405060708090a0b0c0d0e0f10111213");
    expect(parseInfoHash("aaaqeayeaudaocajbifqydiob4ibceqt")).toBe("000102030405060708090a0b0c0d0e0f10111213");
  });

  it.each(["", "00", "g".repeat(40), "1".repeat(32), "a".repeat(41)])("are not read from %j", (text) => {
    expect(parseInfoHash(text)).toBeUndefined();
  });
});
