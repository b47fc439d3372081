import { utf8Decode, utf8Encode } from "../../base/bytes.js";
import { ShoalError } from "../../base/errors.js";

/** What a WebSocket close frame holds for the message. */
const MAX_MESSAGE_BYTES = 123;

/** Why a link is about to be closed: a code of CLOSE and a few words, not safe to print raw. */
export interface Farewell {
  readonly code: number;
  readonly message: string;
}

/** The payload of our `sh_close`: the code in two bytes, then the message in UTF-8, cut to 123 bytes. */
export function encodeClose({ code, message }: Farewell): Uint8Array {
  const text = utf8Encode(message).subarray(0, MAX_MESSAGE_BYTES);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}

/** Throws ShoalError("wire") when there is no code; a message that is cut within a character, or too long, is left out. */
export function decodeClose(payload: Uint8Array): Farewell {
  if (payload.length < 2) throw new ShoalError("wire", `A close message has at least 2 bytes, not ${payload.length}`);
  const text = payload.length > 2 + MAX_MESSAGE_BYTES ? undefined : utf8Decode(payload.subarray(2));
  return { code: ((payload[0] ?? 0) << 8) | (payload[1] ?? 0), message: text ?? "" };
}
