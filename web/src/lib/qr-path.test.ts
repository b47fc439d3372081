import { encode } from "uqr";
import { expect, test } from "vitest";
import { qrPath } from "./qr-path.js";

test("draws exactly the dark modules, with a quiet zone", async () => {
  const text = "https://hub.example/#/s/0123456789abcdef0123456789abcdef01234567";
  const { path, side } = await qrPath(text);
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  expect(side).toBe(size);
  const drawn = data.map((row) => row.map(() => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let at = 0; at < Number(width); at++) {
      const row = drawn[Number(y)];
      if (row !== undefined) row[Number(x) + at] = true;
    }
  }
  expect(drawn).toEqual(data);
  expect(data[3]?.some(Boolean)).toBe(false);
});
