import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, equalBytes, writeUint32 } from "../base/bytes.js";
import { isShoalError, ShoalError } from "../base/errors.js";
import { infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import { WireDecoder, type BlockHeader } from "./decode.js";
import { encodeMessage, pieceFrame } from "./encode.js";
import { encodeHandshake, HANDSHAKE_BYTES, type Handshake } from "./handshake.js";
import { BLOCK_MAX_BYTES, MAX_MESSAGE_BYTES } from "./limits.js";
import { CODE, type WireMessage } from "./messages.js";

type Sendable = Exclude<WireMessage, { type: "unknown" }>;

const HANDSHAKE: Handshake = {
  infoHash: infoHashFromBytes(new Uint8Array(20).fill(1)),
  peerId: peerIdFromBytes(new Uint8Array(20).fill(2)),
  supportsExtensions: true,
  supportsFast: true,
};
const OPENING = encodeHandshake(HANDSHAKE);
const LONGEST_BLOCK = 64 * 1024;

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const triple = { piece: uint32, begin: uint32, length: uint32 };
const payload = fc.uint8Array({ maxLength: 300 });
const anyMessage: fc.Arbitrary<Sendable> = fc.oneof(
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
class Recorder {
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

/** Each cut is overwritten once it has been pushed, as a link may do. */
function pushInCuts(recorder: Recorder, stream: Uint8Array, cuts: readonly number[]): void {
  let at = 0;
  for (let turn = 0; at < stream.length; turn++) {
    const part = stream.slice(at, at + (cuts[turn % cuts.length] ?? 1));
    at += part.length;
    recorder.push(part);
    part.fill(0xee);
  }
}

function prefixed(length: number, ...body: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + body.length);
  writeUint32(bytes, 0, length);
  bytes.set(body, 4);
  return bytes;
}

function errorOf(run: () => unknown): ShoalError {
  try {
    run();
  } catch (error) {
    if (error instanceof ShoalError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

function withOpening(maxBlockBytes?: number): Recorder {
  return new Recorder(maxBlockBytes).push(OPENING);
}

describe("WireDecoder", () => {
  it("gives back every message that was encoded, wherever the stream is cut", () => {
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 400 })), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), cuts, (messages, sizes) => {
        const recorder = new Recorder();
        pushInCuts(recorder, concatBytes([OPENING, ...messages.map(encodeMessage)]), sizes);
        expect(recorder.handshakes).toBe(1);
        expect(recorder.messages).toEqual(messages);
      }),
    );
  });

  it("decodes one byte at a time", () => {
    const messages: Sendable[] = [
      { type: "have", piece: 7 },
      { type: "keep-alive" },
      { type: "choke" },
      { type: "extended", id: 3, payload: new Uint8Array([1, 2]) },
      { type: "have-none" },
    ];
    const recorder = new Recorder();
    pushInCuts(recorder, concatBytes([OPENING, ...messages.map(encodeMessage)]), [1]);
    expect(recorder.messages).toEqual(messages);
  });

  it("hands over a block as a view on the pushed buffer when it lies in it whole", () => {
    const frame = pieceFrame(3, 16_384, 1_000).bytes;
    let block: Uint8Array | undefined;
    const decoder = new WireDecoder({
      onHandshake: () => undefined,
      onMessage: (message) => {
        if (message.type === "piece") block = message.block;
      },
      maxBlockBytes: () => 1_000,
    });
    decoder.push(OPENING);
    decoder.push(frame);
    expect(block?.buffer).toBe(frame.buffer);
    expect([block?.byteOffset, block?.length]).toEqual([13, 1_000]);
  });

  it("puts a block that is cut together again", () => {
    const { bytes, block } = pieceFrame(3, 0, LONGEST_BLOCK);
    for (let i = 0; i < block.length; i++) block[i] = i * 7;
    const recorder = withOpening();
    pushInCuts(recorder, bytes, [5_000]);
    const [message] = recorder.messages;
    expect(message?.type === "piece" && equalBytes(message.block, block)).toBe(true);
  });

  it("puts a block that is cut together where it is wanted, and hands over that memory", () => {
    const { bytes, block } = pieceFrame(3, 16_384, 1_000);
    for (let i = 0; i < block.length; i++) block[i] = i * 7;
    for (const cut of [1, 12, 13, 14, 500]) {
      const landing = new Uint8Array(1_000);
      const asked: BlockHeader[] = [];
      const handed: WireMessage[] = [];
      const decoder = new WireDecoder({
        onHandshake: () => undefined,
        onMessage: (message) => handed.push(message),
        maxBlockBytes: () => 1_000,
        landingFor: (header) => {
          asked.push(header);
          return landing;
        },
      });
      const rest = concatBytes([bytes.subarray(cut), encodeMessage({ type: "have", piece: 9 })]);
      for (const part of [OPENING, bytes.subarray(0, cut), rest]) decoder.push(part);
      expect(asked).toEqual([{ piece: 3, begin: 16_384, length: 1_000 }]);
      expect(handed).toEqual([
        { type: "piece", piece: 3, begin: 16_384, block },
        { type: "have", piece: 9 },
      ]);
      expect(handed[0]?.type === "piece" && handed[0].block).toBe(landing);
    }
  });

  it("takes what was read into its room, wherever the reads end", () => {
    const reads = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 20 });
    const lengths = fc.array(fc.constantFrom(1, 16_384, 65_536), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lengths, reads, fc.boolean(), (blocks, sizes, lands) => {
        const frames = blocks.map((length, piece) => {
          const { bytes, block } = pieceFrame(piece, 0, length);
          for (let i = 0; i < length; i++) block[i] = i * (piece + 1);
          return bytes;
        });
        const stream = concatBytes(frames.flatMap((frame) => [frame, encodeMessage({ type: "have", piece: 1 })]));
        const handed: Uint8Array[] = [];
        const decoder = new WireDecoder({
          onHandshake: () => undefined,
          onMessage: (message) => {
            if (message.type === "piece") handed.push(message.block.slice());
          },
          maxBlockBytes: () => LONGEST_BLOCK,
          ...(lands ? { landingFor: ({ length }: BlockHeader) => new Uint8Array(length) } : {}),
        });
        decoder.push(OPENING);
        const own = new Uint8Array(100_000);
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const room = decoder.room() ?? own;
          const read = Math.min(room.length, sizes[turn % sizes.length] ?? 1, stream.length - at);
          room.set(stream.subarray(at, at + read));
          decoder.push(room.subarray(0, read));
          at += read;
        }
        expect(handed.map((block) => block.length)).toEqual(blocks);
        expect(handed.every((block, index) => equalBytes(block, (frames[index] ?? own).subarray(13)))).toBe(true);
      }),
    );
  });

  it("throws nothing but wire errors for random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, isOpen) => {
        const recorder = isOpen ? withOpening() : new Recorder();
        try {
          recorder.push(noise);
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("throws nothing but wire errors for valid streams with bytes changed, and never hands over more than came", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 });
    const messages = fc.array(anyMessage, { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(messages, flips, fc.integer({ min: 1, max: 400 }), (sent, changes, cut) => {
        const stream = concatBytes([OPENING, ...sent.map(encodeMessage)]);
        for (const [at, value] of changes) stream[at % stream.length] = value;
        const recorder = new Recorder();
        try {
          pushInCuts(recorder, stream, [cut]);
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
        }
        const bytes = recorder.messages.reduce((sum, message) => sum + carriedBytes(message), 0);
        expect(bytes).toBeLessThanOrEqual(stream.length);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["a choke with a byte too many", [2, CODE.choke, 0]],
    ["a have that is too short", [4, CODE.have, 0, 0, 0]],
    ["a have that is too long", [6, CODE.have, 0, 0, 0, 0, 0]],
    ["a request without its length", [9, CODE.request, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["a piece without its offset", [5, CODE.piece, 0, 0, 0, 0]],
    ["a port of one byte", [2, CODE.port, 1]],
    ["an extended message without an id", [1, CODE.extended]],
    ["a reject without its triple", [1, CODE.reject]],
  ])("refuses %s, whole or cut", (_, [length, ...body]) => {
    const bytes = prefixed(length ?? 0, ...body);
    expect(errorOf(() => withOpening().push(bytes)).code).toBe("wire");
    expect(errorOf(() => pushInCuts(withOpening(), bytes, [1])).code).toBe("wire");
  });

  it("takes a second handshake for the nonsense it is", () => {
    expect(errorOf(() => withOpening().push(OPENING)).code).toBe("wire");
  });

  it("refuses a huge length prefix with its first five bytes", () => {
    const recorder = withOpening();
    recorder.push(prefixed(0xffff_ffff));
    expect(errorOf(() => recorder.push(new Uint8Array([CODE.bitfield]))).message).toContain("4294967295");
  });

  it("refuses a message one byte above the limit and takes one at it", () => {
    const atLimit = prefixed(MAX_MESSAGE_BYTES, CODE.bitfield);
    const recorder = withOpening().push(atLimit, new Uint8Array(MAX_MESSAGE_BYTES - 1));
    expect(recorder.messages.map(({ type }) => type)).toEqual(["bitfield"]);
    expect(errorOf(() => withOpening().push(prefixed(MAX_MESSAGE_BYTES + 1, CODE.bitfield))).code).toBe("wire");
  });

  it("refuses a block longer than was ever asked for", () => {
    expect(withOpening(16_384).push(pieceFrame(0, 0, 16_384).bytes).messages).toHaveLength(1);
    expect(errorOf(() => withOpening(16_384).push(pieceFrame(0, 0, 16_385).bytes)).code).toBe("wire");
    expect(errorOf(() => withOpening(0).push(pieceFrame(0, 0, 1).bytes)).code).toBe("wire");
    expect(errorOf(() => withOpening(BLOCK_MAX_BYTES).push(pieceFrame(0, 0, BLOCK_MAX_BYTES + 1).bytes)).code).toBe(
      "wire",
    );
  });

  it("refuses at the first byte that no handshake begins with", () => {
    expect(errorOf(() => new Recorder().push(new Uint8Array([0x47]))).code).toBe("wire");
    expect(errorOf(() => new Recorder().push(OPENING.subarray(0, 10), new Uint8Array([0]))).code).toBe("wire");
  });

  it("hands unknown messages over by their id alone", () => {
    const recorder = withOpening().push(prefixed(3, 99, 1, 2), prefixed(1, CODE.unchoke));
    expect(recorder.messages).toEqual([{ type: "unknown", id: 99 }, { type: "unchoke" }]);
  });

  it("delivers nothing more once stopped, not even the rest of what is being pushed", () => {
    const seen: string[] = [];
    const decoder = new WireDecoder({
      onHandshake: () => seen.push("handshake"),
      onMessage: ({ type }) => {
        seen.push(type);
        decoder.stop();
      },
      maxBlockBytes: () => 0,
    });
    decoder.push(concatBytes([OPENING, encodeMessage({ type: "choke" }), encodeMessage({ type: "unchoke" })]));
    decoder.push(encodeMessage({ type: "interested" }));
    expect(seen).toEqual(["handshake", "choke"]);
  });

  it("keeps nothing of a handshake that is cut anywhere", () => {
    for (let cut = 1; cut < HANDSHAKE_BYTES; cut++) {
      const recorder = new Recorder().push(OPENING.subarray(0, cut));
      expect(recorder.handshakes).toBe(0);
      expect(recorder.push(OPENING.subarray(cut)).handshakes).toBe(1);
    }
  });
});

function carriedBytes(message: WireMessage): number {
  switch (message.type) {
    case "bitfield":
      return message.bytes.length;
    case "piece":
      return message.block.length;
    case "extended":
      return message.payload.length;
    default:
      return 0;
  }
}
