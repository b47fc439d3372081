import { isUtf8 } from "node:buffer";
import { BINARY, CLOSE, CONTINUATION, isCloseCode, MAX_CONTROL_BYTES, PONG } from "./frame.js";

/** Of what masks a payload: the four bytes before it. */
export const MASK_BYTES = 4;

/** The head of a frame from a client. */
export interface ClientHeader {
  readonly isFinal: boolean;
  readonly opcode: number;
  /** Where the mask begins; the payload follows behind it. */
  readonly maskAt: number;
  readonly length: number;
}

/** What rules of RFC 6455 a frame can break, and the code that such a connection is closed with. */
export const VIOLATIONS = {
  "Unknown kind of frame": 1002,
  "Frames have to be masked": 1002,
  "Control frames are short and whole": 1002,
  "Fragments out of order": 1002,
  "No such close code": 1002,
  "Text has to be UTF-8": 1007,
  "Too many fragments": 1008,
  "Message too long": 1009,
} as const;

export type Violation = keyof typeof VIOLATIONS;

/**
 * The header at `at`; undefined while not all of it is there, up to the mask; a text says which rule it breaks.
 * `isMessageOpen`: the frame before was a fragment that others follow.
 */
export function readClientHeader(
  bytes: Buffer,
  at: number,
  isMessageOpen: boolean,
): ClientHeader | Violation | undefined {
  if (bytes.length - at < 2) return undefined;
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const opcode = first & 15;
  const isFinal = first >= 0x80;
  const isControl = opcode >= CLOSE;
  // No extension was agreed on, so the reserved bits mean nothing.
  if ((first & 0x70) !== 0 || opcode > PONG || (opcode > BINARY && !isControl)) return "Unknown kind of frame";
  if (second < 0x80) return "Frames have to be masked";
  const short = second & 0x7f;
  if (isControl && (!isFinal || short > MAX_CONTROL_BYTES)) return "Control frames are short and whole";
  if (!isControl && (opcode === CONTINUATION) !== isMessageOpen) return "Fragments out of order";
  const maskAt = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8);
  if (bytes.length < maskAt) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : longLength(bytes, at + 2);
  return { isFinal, opcode, maskAt, length };
}

/** What a close frame says; 1005 when it does not say why. A text says which rule it breaks. */
export function readClose(payload: Buffer): { readonly code: number; readonly reason: string } | Violation {
  if (payload.length === 0) return { code: 1005, reason: "" };
  if (payload.length === 1 || !isCloseCode(payload.readUInt16BE())) return "No such close code";
  const reason = payload.subarray(2);
  return isUtf8(reason) ? { code: payload.readUInt16BE(), reason: reason.toString() } : "Text has to be UTF-8";
}

/** Exact up to 2^53, and far beyond every limit above that. */
function longLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
