import { createHash } from "node:crypto";
import type { Hasher } from "../src/ports/runtime.js";

/** Real SHA-1 that settles on a microtask: WebCrypto settles whenever it likes, which no simulation could repeat. */
export function createMicrotaskHasher(): Hasher {
  return {
    sha1: (bytes) => Promise.resolve(new Uint8Array(createHash("sha1").update(bytes).digest())),
  };
}
