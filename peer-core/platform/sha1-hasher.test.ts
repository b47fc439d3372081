import { describe, expect, it } from "vitest";
import { toHex, utf8Encode } from "../src/base/bytes.js";
import { createSha1Hasher, createWasmHasher } from "./sha1-hasher.js";
import { createWebCryptoHasher } from "./web-crypto-hasher.js";

describe("createWasmHasher", () => {
  it("gives the digests of FIPS 180", async () => {
    const hasher = await createWasmHasher();
    const digests = await Promise.all(["abc", ""].map((text) => hasher.sha1(utf8Encode(text))));
    expect(digests.map(toHex)).toEqual([
      "a9993e364706816aba3e25717850c26c9cd0d89d",
      "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ]);
  });

  it("agrees with WebCrypto about pieces of any length, several at once", async () => {
    const [wasm, webCrypto] = [await createWasmHasher(), createWebCryptoHasher()];
    const pieces = [1, 63, 64, 65, 16_384, 300_001].map((length) =>
      Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 0xff),
    );
    expect(await Promise.all(pieces.map((piece) => wasm.sha1(piece)))).toEqual(
      await Promise.all(pieces.map((piece) => webCrypto.sha1(piece))),
    );
  });
});

describe("createSha1Hasher", () => {
  it("hashes with what there is", async () => {
    const digest = await (await createSha1Hasher()).sha1(utf8Encode("abc"));
    expect(toHex(digest)).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  });
});
