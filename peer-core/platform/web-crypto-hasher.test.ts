import { describe, expect, it } from "vitest";
import { toHex } from "../src/base/bytes.js";
import { createMicrotaskHasher } from "../testing/microtask-hasher.js";
import { seededRandom } from "../testing/seeded-random.js";
import { createWebCryptoHasher } from "./web-crypto-hasher.js";

describe("createWebCryptoHasher", () => {
  it("computes SHA-1 as the standard's example says (RFC 3174)", async () => {
    const digest = await createWebCryptoHasher().sha1(new TextEncoder().encode("abc"));
    expect(toHex(digest)).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  });

  it("agrees with the hasher of simulations, on views and many at once", async () => {
    const bytes = seededRandom(1).bytes(100_000);
    const views = Array.from({ length: 20 }, (_, index) => bytes.subarray(index * 100, 50_000 + index * 1000));
    const digests = async (hasher: ReturnType<typeof createWebCryptoHasher>): Promise<string[]> =>
      (await Promise.all(views.map((view) => hasher.sha1(view)))).map(toHex);
    expect(await digests(createWebCryptoHasher())).toEqual(await digests(createMicrotaskHasher()));
  });
});
