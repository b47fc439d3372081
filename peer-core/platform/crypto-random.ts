import type { Random } from "../src/ports/runtime.js";

/** The most that `getRandomValues` fills at once. */
const MAX_FILL_BYTES = 65_536;

/** Secrets from the platform's cryptographic generator, plain choices from its fast one. */
export function createCryptoRandom(): Random {
  return {
    float: () => Math.random(),
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += MAX_FILL_BYTES) {
        crypto.getRandomValues(bytes.subarray(at, at + MAX_FILL_BYTES));
      }
      return bytes;
    },
  };
}
