import { readUint32, writeUint32 } from "../../base/bytes.js";
import { ShoalError } from "../../base/errors.js";

/** The payload of `lt_donthave` (BEP 54): the index of a piece that is no longer held. */
export function encodeDontHave(piece: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeUint32(payload, 0, piece);
  return payload;
}

/** Throws ShoalError("wire") unless there are exactly four bytes. */
export function decodeDontHave(payload: Uint8Array): number {
  if (payload.length !== 4) throw new ShoalError("wire", `A donthave message has 4 bytes, not ${payload.length}`);
  return readUint32(payload, 0);
}
