import { describe, expect, it } from "vitest";
import { unmaskByWords, unmaskLong } from "./unmask-long.js";

const MASK = Buffer.from([0x5b, 0xeb, 0x03, 0x95]);

describe.each([
  ["unmaskLong", unmaskLong],
  ["unmaskByWords", unmaskByWords],
])("%s", (_, take) => {
  it("takes off the mask wherever the payload lies and ends, and touches nothing else", () => {
    for (let from = 0; from < 9; from++) {
      for (const length of [...Array(80).keys(), 1_000, 4_097]) {
        const before = Uint8Array.from({ length: from + length + 9 }, (__, at) => (at * 7) & 255);
        const bytes = before.slice();
        take(bytes.subarray(from, from + length), MASK);
        const expected = before.map((byte, at) =>
          at < from || at >= from + length ? byte : byte ^ (MASK[(at - from) & 3] ?? 0),
        );
        expect(bytes).toEqual(expected);
      }
    }
  });
});
