import { concatBytes } from "../src/base/bytes.js";
import type { SeededRandom } from "./seeded-random.js";

/** Longest cut: more than one block with its header, so that some messages come whole and some merged. */
const MAX_CUT_BYTES = 40_000;

/** What a receiver sees that kept a view beyond the call. */
const OVERWRITTEN = 0xdb;

/**
 * Hands `parts` to `receive` joined and cut anew at random places, single bytes among them, in buffers that are
 * overwritten after the call: whoever relies on message borders or keeps a view is found out.
 */
export function cutStream(
  parts: readonly Uint8Array[],
  random: SeededRandom,
  receive: (bytes: Uint8Array) => void,
): void {
  const joined = concatBytes(parts);
  let at = 0;
  while (at < joined.length) {
    const longest = random.int(4) === 0 ? 8 : MAX_CUT_BYTES;
    const piece = joined.subarray(at, at + 1 + random.int(longest));
    at += piece.length;
    receive(piece);
    piece.fill(OVERWRITTEN);
  }
}
