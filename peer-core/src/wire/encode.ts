import { writeUint32 } from "../base/bytes.js";
import { assertNever } from "../base/invariant.js";
import { CODE, PIECE_FRAME_HEADER_BYTES, type WireMessage } from "./messages.js";

/** A message with its length prefix. Blocks are better sent with `pieceFrame`, which copies nothing. */
export function encodeMessage(message: Exclude<WireMessage, { type: "unknown" }>): Uint8Array {
  switch (message.type) {
    case "keep-alive":
      return new Uint8Array(4);
    case "choke":
      return frame(CODE.choke);
    case "unchoke":
      return frame(CODE.unchoke);
    case "interested":
      return frame(CODE.interested);
    case "not-interested":
      return frame(CODE.notInterested);
    case "have":
      return frame(CODE.have, message.piece);
    case "bitfield":
      return payloadFrame(CODE.bitfield, message.bytes);
    case "request":
      return frame(CODE.request, message.piece, message.begin, message.length);
    case "piece": {
      const { bytes, block } = pieceFrame(message.piece, message.begin, message.block.length);
      block.set(message.block);
      return bytes;
    }
    case "cancel":
      return frame(CODE.cancel, message.piece, message.begin, message.length);
    case "port":
      return payloadFrame(CODE.port, new Uint8Array([message.port >> 8, message.port & 0xff]));
    case "suggest":
      return frame(CODE.suggest, message.piece);
    case "have-all":
      return frame(CODE.haveAll);
    case "have-none":
      return frame(CODE.haveNone);
    case "reject":
      return frame(CODE.reject, message.piece, message.begin, message.length);
    case "allowed-fast":
      return frame(CODE.allowedFast, message.piece);
    case "extended": {
      const bytes = new Uint8Array(6 + message.payload.length);
      writeUint32(bytes, 0, 2 + message.payload.length);
      bytes[4] = CODE.extended;
      bytes[5] = message.id;
      bytes.set(message.payload, 6);
      return bytes;
    }
    default:
      return assertNever(message);
  }
}

/** Bytes of a `piece` message whose block has `length` bytes. */
export function pieceFrameBytes(length: number): number {
  return PIECE_FRAME_HEADER_BYTES + length;
}

/** A `piece` message in `bytes`, which it fills exactly; the block is still to be filled in place, through `block`. */
export function pieceFrame(
  piece: number,
  begin: number,
  length: number,
  bytes: Uint8Array = new Uint8Array(pieceFrameBytes(length)),
): { bytes: Uint8Array; block: Uint8Array } {
  writeUint32(bytes, 0, 9 + length);
  bytes[4] = CODE.piece;
  writeUint32(bytes, 5, piece);
  writeUint32(bytes, 9, begin);
  return { bytes, block: bytes.subarray(PIECE_FRAME_HEADER_BYTES) };
}

function frame(code: number, ...fields: number[]): Uint8Array {
  const bytes = new Uint8Array(5 + 4 * fields.length);
  writeUint32(bytes, 0, 1 + 4 * fields.length);
  bytes[4] = code;
  fields.forEach((field, index) => writeUint32(bytes, 5 + 4 * index, field));
  return bytes;
}

function payloadFrame(code: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  writeUint32(bytes, 0, 1 + payload.length);
  bytes[4] = code;
  bytes.set(payload, 5);
  return bytes;
}
