import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  anyMessage,
  DecoderRecorder as Recorder,
  OPENING,
  prefixed,
  pushInCuts,
  withOpening,
} from "../../testing/decoder-recorder.js";
import { concatBytes } from "../base/bytes.js";
import { isShoalError, ShoalError } from "../base/errors.js";
import { encodeMessage, pieceFrame } from "./encode.js";
import { BLOCK_MAX_BYTES, MAX_MESSAGE_BYTES } from "./limits.js";
import { CODE, type WireMessage } from "./messages.js";

function errorOf(run: () => unknown): ShoalError {
  try {
    run();
  } catch (error) {
    if (error instanceof ShoalError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

describe("WireDecoder, of what is no stream of messages", () => {
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
