import type { Hasher } from "../src/ports/runtime.js";
import { createWebCryptoHasher } from "./web-crypto-hasher.js";

/**
 * SHA-1 by the best that this platform has: WebCrypto, else WebAssembly, which is loaded only then (a page on plain http
 * at an address other than localhost). The latter hashes on the calling thread, one piece after the other.
 */
export async function createSha1Hasher(): Promise<Hasher> {
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  return subtle === undefined ? await createWasmHasher() : createWebCryptoHasher();
}

/** SHA-1 by WebAssembly: 403 MiB/s where pure JavaScript does 109. */
export async function createWasmHasher(): Promise<Hasher> {
  const { createSHA1 } = await import("hash-wasm");
  const sha1 = await createSHA1();
  // Nothing comes between these calls, so that one state is enough for all pieces.
  return { sha1: (bytes) => Promise.resolve(sha1.init().update(bytes).digest("binary")) };
}
