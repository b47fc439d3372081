import { readUint32, writeUint32 } from "../../base/bytes.js";
import { ShoalError } from "../../base/errors.js";

/** Unix seconds that fit a number of milliseconds exactly, and the year 9999: later promises are nonsense. */
const LATEST_SECONDS = 253_402_300_799;

/** The payload of `sh_kept` (ours): unix seconds until which a relay keeps the share, rounded down; 0: it does not. */
export function encodeKept(untilMs: number): Uint8Array {
  const payload = new Uint8Array(8);
  const seconds = Math.min(LATEST_SECONDS, Math.max(0, Math.floor(untilMs / 1_000)));
  writeUint32(payload, 0, Math.floor(seconds / 2 ** 32));
  writeUint32(payload, 4, seconds % 2 ** 32);
  return payload;
}

/** Milliseconds since 1970, 0: not kept. Throws ShoalError("wire") unless there are exactly 8 bytes of a time before the year 10000. */
export function decodeKept(payload: Uint8Array): number {
  if (payload.length !== 8) throw new ShoalError("wire", `A kept message has 8 bytes, not ${payload.length}`);
  const seconds = readUint32(payload, 0) * 2 ** 32 + readUint32(payload, 4);
  if (seconds > LATEST_SECONDS) throw new ShoalError("wire", "A share is kept for ever");
  return seconds * 1_000;
}
