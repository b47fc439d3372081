import fc from "fast-check";
import { writeUint32 } from "../src/base/bytes.js";
import { infoHashFromBytes, peerIdFromBytes } from "../src/base/ids.js";
import { WireDecoder } from "../src/wire/decode.js";
import { encodeHandshake, type Handshake } from "../src/wire/handshake.js";
import type { WireMessage } from "../src/wire/messages.js";

/** A message that can be encoded. */
export type Sendable = Exclude<WireMessage, { type: "unknown" }>;

const HANDSHAKE: Handshake = {
  infoHash: infoHashFromBytes(new Uint8Array(20).fill(1)),
  peerId: peerIdFromBytes(new Uint8Array(20).fill(2)),
  supportsExtensions: true,
  supportsFast: true,
};
/** The handshake with which a stream begins. */
export const OPENING = encodeHandshake(HANDSHAKE);
/** Bytes of the longest block that a recorder takes unless told otherwise. */
export const LONGEST_BLOCK = 64 * 1024;

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const triple = { piece: uint32, begin: uint32, length: uint32 };
const payload = fc.uint8Array({ maxLength: 300 });
/** Any message that can be encoded, with a short payload. */
export const anyMessage: fc.Arbitrary<Sendable> = fc.oneof(
  fc.constantFrom<Sendable>(
    { type: "keep-alive" },
    { type: "choke" },
    { type: "unchoke" },
    { type: "interested" },
    { type: "not-interested" },
    { type: "have-all" },
    { type: "have-none" },
  ),
  fc.record({ type: fc.constantFrom("have", "suggest", "allowed-fast"), piece: uint32 }),
  fc.record({ type: fc.constantFrom("request", "cancel", "reject"), ...triple }),
  fc.record({ type: fc.constant("bitfield"), bytes: payload }),
  fc.record({ type: fc.constant("piece"), piece: uint32, begin: uint32, block: payload }),
  fc.record({ type: fc.constant("port"), port: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ type: fc.constant("extended"), id: fc.integer({ min: 0, max: 255 }), payload }),
);

/** Decodes and keeps copies of everything, since the views are good during the call only. */
export class DecoderRecorder {
  readonly messages: WireMessage[] = [];
  handshakes = 0;
  readonly decoder: WireDecoder;

  constructor(maxBlockBytes = LONGEST_BLOCK) {
    this.decoder = new WireDecoder({
      onHandshake: () => this.handshakes++,
      onMessage: (message) => this.messages.push(structuredClone(message)),
      maxBlockBytes: () => maxBlockBytes,
    });
  }

  push(...parts: readonly Uint8Array[]): this {
    for (const part of parts) this.decoder.push(part);
    return this;
  }
}

/** A recorder that has heard the handshake. */
export function withOpening(maxBlockBytes?: number): DecoderRecorder {
  return new DecoderRecorder(maxBlockBytes).push(OPENING);
}

/** Pushes a stream in parts of these lengths, in turn; each is overwritten once it has been pushed, as links may do. */
export function pushInCuts(recorder: DecoderRecorder, stream: Uint8Array, cuts: readonly number[]): void {
  let at = 0;
  for (let turn = 0; at < stream.length; turn++) {
    const part = stream.slice(at, at + (cuts[turn % cuts.length] ?? 1));
    at += part.length;
    recorder.push(part);
    part.fill(0xee);
  }
}

/** A length prefix, whatever it is worth, and what comes behind it. */
export function prefixed(length: number, ...body: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + body.length);
  writeUint32(bytes, 0, length);
  bytes.set(body, 4);
  return bytes;
}
