import { describe, expect, it } from "vitest";
import { createCryptoRandom } from "./crypto-random.js";

describe("createCryptoRandom", () => {
  it("gives as many bytes as asked for, beyond what the platform gives at once, and others each time", () => {
    const random = createCryptoRandom();
    for (const length of [0, 1, 20, 65_536, 200_000]) expect(random.bytes(length)).toHaveLength(length);
    expect(random.bytes(20)).not.toEqual(random.bytes(20));
    expect(
      random
        .bytes(200_000)
        .subarray(190_000)
        .some((byte) => byte !== 0),
    ).toBe(true);
  });

  it("gives floats in [0, 1)", () => {
    const random = createCryptoRandom();
    for (let i = 0; i < 1000; i++) expect(Math.floor(random.float())).toBe(0);
  });
});
