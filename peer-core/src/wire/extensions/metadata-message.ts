import { concatBytes } from "../../base/bytes.js";
import { isShoalError, ShoalError } from "../../base/errors.js";
import { decodeBencodePrefix, dictOf, encodeBencode, intOf, type BencodeInput } from "../../torrent/bencode.js";
import { METADATA_PART_BYTES } from "../limits.js";

/** A `ut_metadata` message (BEP 9). `part` counts in units of 16 KiB. */
export type MetadataMessage =
  | { readonly type: "request"; readonly part: number }
  | { readonly type: "data"; readonly part: number; readonly totalSize: number; readonly data: Uint8Array }
  | { readonly type: "reject"; readonly part: number };

export function encodeMetadataMessage(message: MetadataMessage): Uint8Array {
  const code = { request: 0, data: 1, reject: 2 }[message.type];
  const dict = new Map<string, BencodeInput>([
    ["msg_type", code],
    ["piece", message.part],
  ]);
  if (message.type !== "data") return encodeBencode(dict);
  dict.set("total_size", message.totalSize);
  return concatBytes([encodeBencode(dict), message.data]);
}

/** Reads one message; undefined for a type that BEP 9 does not know (to be ignored). Throws ShoalError("wire"). */
export function decodeMetadataMessage(payload: Uint8Array): MetadataMessage | undefined {
  const { value, end } = decodePrefix(payload);
  const dict = dictOf(value);
  if (dict === undefined) throw new ShoalError("wire", "A metadata message that is no dictionary");
  const type = intOf(dict, "msg_type");
  if (type === undefined || type < 0 || type > 2) return undefined;
  const part = intOf(dict, "piece");
  if (part === undefined || part < 0) throw new ShoalError("wire", "A metadata message without its part");
  switch (type) {
    case 0:
      return { type: "request", part };
    case 1: {
      const data = payload.subarray(end);
      if (data.length > METADATA_PART_BYTES) throw new ShoalError("wire", `A metadata part of ${data.length} bytes`);
      return { type: "data", part, totalSize: intOf(dict, "total_size") ?? 0, data };
    }
    case 2:
      return { type: "reject", part };
    default:
      return undefined;
  }
}

function decodePrefix(payload: Uint8Array): ReturnType<typeof decodeBencodePrefix> {
  try {
    return decodeBencodePrefix(payload);
  } catch (error) {
    if (!isShoalError(error)) throw error;
    throw new ShoalError("wire", "A metadata message that is not bencoded", { cause: error });
  }
}
