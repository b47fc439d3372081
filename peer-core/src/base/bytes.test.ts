import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromBinaryString,
  fromHex,
  readUint32,
  toBinaryString,
  toHex,
  utf8Decode,
  utf8Encode,
  viewOf,
  writeUint32,
} from "./bytes.js";

const anyBytes = fc.uint8Array({ maxLength: 60 });

describe("bytes", () => {
  it("come back from hexadecimal and from binary strings", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromBinaryString(toBinaryString(bytes))).toEqual(bytes);
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
      }),
    );
  });

  it("are not read from what is neither", () => {
    expect(["0", "zz", "0x"].map(fromHex)).toEqual([undefined, undefined, undefined]);
    expect(fromBinaryString("a\u0100")).toBeUndefined();
  });

  it("are ordered as Node orders them", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });

  it("are joined into a new array", () => {
    const parts = [new Uint8Array([1]), new Uint8Array(0), new Uint8Array([2, 3])];
    expect([...concatBytes(parts)]).toEqual([1, 2, 3]);
    expect(concatBytes([parts[0]!])).not.toBe(parts[0]);
  });

  it("carry 32-bit integers, big-endian and unsigned", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat({ max: 4 }), (value, at) => {
        const bytes = new Uint8Array(8);
        writeUint32(bytes, at, value);
        expect(readUint32(bytes, at)).toBe(value);
        expect(viewOf(bytes).getUint32(at)).toBe(value);
      }),
    );
  });

  it.each([-1, 1, 5])("are not read past their end, at %d of four", (at) => {
    expect(() => readUint32(new Uint8Array(4), at)).toThrow(
      expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error,
    );
  });

  it("are seen through a view that keeps to their part of the buffer", () => {
    const part = new Uint8Array([0, 0, 9, 9]).subarray(2);
    expect([viewOf(part).byteLength, viewOf(part).getUint8(0)]).toEqual([2, 9]);
  });

  it("are UTF-8 or nothing", () => {
    expect(utf8Decode(utf8Encode("Größe 🐟"))).toBe("Größe 🐟");
    expect(utf8Decode(new Uint8Array([0xc3]))).toBeUndefined();
    expect(utf8Decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe("\ufeffa");
  });
});
