import { ShoalError } from "../../base/errors.js";
import { MAX_WANT_BYTES } from "../limits.js";

/**
 * The payload of `sh_want` (ours): a bitfield of the pieces that the sender wants of a relay, as in a `bitfield` message.
 * Its length is checked against the share once the number of pieces is known.
 */
export function encodeWant(bits: Uint8Array): Uint8Array {
  return bits.slice();
}

/** A copy. Throws ShoalError("wire") for more bits than any share has pieces. */
export function decodeWant(payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_WANT_BYTES) {
    throw new ShoalError("wire", `A want message has ${MAX_WANT_BYTES} bytes at most, not ${payload.length}`);
  }
  return payload.slice();
}
