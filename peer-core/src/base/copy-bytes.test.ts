import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalBytes } from "./bytes.js";
import { copyBytes } from "./copy-bytes.js";

describe("copyBytes", () => {
  it("copies as `set` does, into plain and shared memory, however the two are aligned", () => {
    const offset = fc.integer({ min: 0, max: 17 });
    const length = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(65_535, 65_536, 65_545, 200_001));
    fc.assert(
      fc.property(offset, offset, offset, length, fc.boolean(), (from, to, at, bytes, shared) => {
        const source = Uint8Array.from({ length: from + bytes }, (_, index) => index * 31).subarray(from);
        const room = to + at + bytes + 9;
        const target = new Uint8Array(shared ? new SharedArrayBuffer(room) : new ArrayBuffer(room))
          .fill(1)
          .subarray(to);
        const expected = new Uint8Array(target);
        expected.set(source, at);
        copyBytes(target, source, at);
        expect(equalBytes(target, expected)).toBe(true);
      }),
    );
  });

  it("refuses what does not fit", () => {
    const target = new Uint8Array(new SharedArrayBuffer(20));
    expect(() => copyBytes(target, new Uint8Array(20), 1)).toThrow(RangeError);
  });
});
