import { ShoalError } from "../src/base/errors.js";
import type { Hasher } from "../src/ports/runtime.js";

/**
 * SHA-1 by WebCrypto. Throws ShoalError("limit") where there is none: a page on plain http at an address other than
 * localhost.
 */
export function createWebCryptoHasher(): Hasher {
  // Typed as always there, but browsers leave it out of insecure pages.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new ShoalError("limit", "Content cannot be checked here: the page must be opened over https or at localhost");
  }
  return {
    // Nobody hands over shared memory, which is all that the wider type would allow beyond this one.
    sha1: async (bytes) => new Uint8Array(await subtle.digest("SHA-1", bytes as Uint8Array<ArrayBuffer>)),
  };
}
