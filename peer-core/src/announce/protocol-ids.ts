import { fromBinaryString, toBinaryString, toHex } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { idBytes, infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import type { InfoHash, PeerId } from "../base/ids.js";

declare const brand: unique symbol;

/** 20 bytes as 20 characters from U+0000 to U+00FF, as WebTorrent's tracker messages carry info-hashes and peer ids. */
export type WireId = string & { readonly [brand]: "WireId" };

const ID_LENGTH = 20;

/** True when `value` is text of 20 characters that are bytes. */
export function isWireId(value: unknown): value is WireId {
  if (typeof value !== "string" || value.length !== ID_LENGTH) return false;
  for (let i = 0; i < ID_LENGTH; i++) if (value.charCodeAt(i) > 0xff) return false;
  return true;
}

/** The same 20 bytes in the form of tracker messages. */
export function toWireId(id: InfoHash | PeerId): WireId {
  return toBinaryString(idBytes(id)) as WireId;
}

/** The same 20 bytes as an info-hash. */
export function infoHashOf(id: WireId): InfoHash {
  return infoHashFromBytes(wireIdBytes(id));
}

/** The same 20 bytes as a peer id. */
export function peerIdOf(id: WireId): PeerId {
  return peerIdFromBytes(wireIdBytes(id));
}

/** 40 lower-case hexadecimal digits: for logs and JSON that people read. */
export function wireIdHex(id: WireId): string {
  return toHex(wireIdBytes(id));
}

/** The 20 bytes. */
export function wireIdBytes(id: WireId): Uint8Array {
  const bytes = fromBinaryString(id);
  if (bytes?.length !== ID_LENGTH)
    throw new ShoalError("wire", `An id has ${ID_LENGTH} bytes, not ${id.length} characters`);
  return bytes;
}
