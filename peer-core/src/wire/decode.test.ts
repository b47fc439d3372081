import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  anyMessage,
  DecoderRecorder as Recorder,
  LONGEST_BLOCK,
  OPENING,
  prefixed,
  pushInCuts,
  withOpening,
  type Sendable,
} from "../../testing/decoder-recorder.js";
import { concatBytes, equalBytes } from "../base/bytes.js";
import { WireDecoder, type BlockHeader } from "./decode.js";
import { encodeMessage, pieceFrame } from "./encode.js";
import { HANDSHAKE_BYTES } from "./handshake.js";
import { CODE, type WireMessage } from "./messages.js";

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
