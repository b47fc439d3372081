import { concatBytes, equalBytes, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { idBytes, infoHashFromBytes, peerIdFromBytes, type InfoHash, type PeerId } from "../base/ids.js";

/** The 68 bytes that open a link (BEP 3), with the two reserved bits that we know. */
export interface Handshake {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** BEP 10. */
  readonly supportsExtensions: boolean;
  /** BEP 6. */
  readonly supportsFast: boolean;
}

export const HANDSHAKE_BYTES = 68;

const PROTOCOL = concatBytes([new Uint8Array([19]), utf8Encode("BitTorrent protocol")]);
const RESERVED_AT = 20;
const EXTENSION_BIT = 0x10;
const FAST_BIT = 0x04;

export function encodeHandshake(handshake: Handshake): Uint8Array {
  const reserved = new Uint8Array(8);
  if (handshake.supportsExtensions) reserved[5] = EXTENSION_BIT;
  if (handshake.supportsFast) reserved[7] = FAST_BIT;
  return concatBytes([PROTOCOL, reserved, idBytes(handshake.infoHash), idBytes(handshake.peerId)]);
}

/** Reads exactly 68 bytes. Throws ShoalError("wire") when they do not begin as BitTorrent does. */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES || !equalBytes(bytes.subarray(0, RESERVED_AT), PROTOCOL)) {
    throw new ShoalError("wire", "The other side does not open with a BitTorrent handshake");
  }
  return {
    infoHash: infoHashFromBytes(bytes.subarray(28, 48)),
    peerId: peerIdFromBytes(bytes.subarray(48, 68)),
    supportsExtensions: ((bytes[RESERVED_AT + 5] ?? 0) & EXTENSION_BIT) !== 0,
    supportsFast: ((bytes[RESERVED_AT + 7] ?? 0) & FAST_BIT) !== 0,
  };
}

/** True while `bytes` could still become a handshake: nonsense is refused at its first byte. */
export function couldBeHandshake(bytes: Uint8Array): boolean {
  const known = Math.min(bytes.length, PROTOCOL.length);
  return equalBytes(bytes.subarray(0, known), PROTOCOL.subarray(0, known));
}
