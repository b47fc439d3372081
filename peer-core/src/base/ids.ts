import { fromHex, toHex } from "./bytes.js";
import { ShoalError } from "./errors.js";

declare const brand: unique symbol;

/** SHA-1 of the bencoded `info`, as 40 lower-case hexadecimal digits (BEP 3). */
export type InfoHash = string & { readonly [brand]: "InfoHash" };

/** A peer's 20 bytes as 40 lower-case hexadecimal digits (BEP 3, BEP 20). Compares as the bytes do. */
export type PeerId = string & { readonly [brand]: "PeerId" };

/** Index of a piece that exists: only a Geometry makes one. */
export type PieceIndex = number & { readonly [brand]: "PieceIndex" };

const HASH_BYTES = 20;

/** Throws ShoalError("link") unless there are exactly 20 bytes. */
export function infoHashFromBytes(bytes: Uint8Array): InfoHash {
  if (bytes.length !== HASH_BYTES) throw new ShoalError("link", `An info-hash has 20 bytes, not ${bytes.length}`);
  return toHex(bytes) as InfoHash;
}

/** Throws ShoalError("wire") unless there are exactly 20 bytes. */
export function peerIdFromBytes(bytes: Uint8Array): PeerId {
  if (bytes.length !== HASH_BYTES) throw new ShoalError("wire", `A peer id has 20 bytes, not ${bytes.length}`);
  return toHex(bytes) as PeerId;
}

/** The 20 bytes of an info-hash or peer id. */
export function idBytes(id: InfoHash | PeerId): Uint8Array {
  const bytes = fromHex(id);
  if (bytes?.length !== HASH_BYTES) throw new ShoalError("link", `Not an id of 20 bytes: ${id}`);
  return bytes;
}

/** Reads 40 hexadecimal digits in either case, or the 32 base32 characters of old magnets; undefined if it is neither. */
export function parseInfoHash(text: string): InfoHash | undefined {
  if (/^[0-9a-f]{40}$/i.test(text)) return text.toLowerCase() as InfoHash;
  if (/^[a-z2-7]{32}$/i.test(text)) return toHex(fromBase32(text.toUpperCase())) as InfoHash;
  return undefined;
}

/** RFC 4648, without padding; the caller has checked the alphabet. */
function fromBase32(text: string): Uint8Array {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    buffer = ((buffer << 5) | alphabet.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
}
