import { expect, test } from "vitest";
import { formatPieceLength, formatSize } from "./format-size.js";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1 kB"],
  [12_540, "12.5 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1 MB"],
  [1_300_000_000, "1.3 GB"],
  [41_000_000, "41 MB"],
  [2 ** 44, "17.6 TB"],
  [5e15, "5000 TB"],
])("%i bytes are written %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test("piece lengths are written in powers of 1,024", () => {
  expect([32_768, 262_144, 4_194_304].map(formatPieceLength)).toEqual(["32 KiB", "256 KiB", "4 MiB"]);
});
