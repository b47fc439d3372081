import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, equalBytes } from "../base/bytes.js";
import { shareOf } from "../../testing/share-of.js";
import { FileRanges } from "./file-ranges.js";

const LENGTHS: readonly (readonly [string, number])[] = [
  ["a", 0],
  ["b", 10],
  ["c", 0],
  ["d", 1],
  ["e", 50_000],
  ["f", 0],
  ["g", 7],
];

describe("FileRanges", () => {
  it("makes up every stretch of the content from its files, without empty ranges", async () => {
    const { metainfo, content, files } = await shareOf(LENGTHS);
    const ranges = new FileRanges(metainfo.files);
    const offset = fc.integer({ min: 0, max: content.length - 1 });
    fc.assert(
      fc.property(offset, fc.integer({ min: 1, max: 60_000 }), (from, most) => {
        const length = Math.min(most, content.length - from);
        const found = ranges.rangesOf(from, length);
        const parts = found.map((range) =>
          files.get(metainfo.files[range.file]!.path[0]!)!.slice(range.from, range.until),
        );
        expect(parts.every((part) => part.length > 0)).toBe(true);
        expect(equalBytes(concatBytes(parts), content.subarray(from, from + length))).toBe(true);
      }),
    );
  });

  it("marks padding", async () => {
    const { metainfo } = await shareOf(LENGTHS);
    const ranges = new FileRanges(metainfo.files.map((file) => ({ ...file, padding: file.path[0] === "d" })));
    expect(ranges.rangesOf(9, 4)).toEqual([
      { file: 1, from: 9, until: 10, isPadding: false },
      { file: 3, from: 0, until: 1, isPadding: true },
      { file: 4, from: 0, until: 2, isPadding: false },
    ]);
  });
});
