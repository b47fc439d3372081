import { ShoalError } from "../../base/errors.js";

/** The payload of `upload_only` (BEP 21): whether the sender wants nothing from now on. */
export function encodeUploadOnly(isUploadOnly: boolean): Uint8Array {
  return new Uint8Array([isUploadOnly ? 1 : 0]);
}

/** Throws ShoalError("wire") unless there is exactly one byte. */
export function decodeUploadOnly(payload: Uint8Array): boolean {
  if (payload.length !== 1) throw new ShoalError("wire", `An upload_only message has 1 byte, not ${payload.length}`);
  return payload[0] !== 0;
}
