import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unmask } from "@shoal/tracker/websocket";
import { ClientFrames, type ClientFramesSink } from "./client-frames.js";

const MAX_MESSAGE_BYTES = 1_000;

/** Writes down what it hears; payloads that follow on each other as one. */
class Recorder implements ClientFramesSink {
  readonly heard: string[] = [];
  payload = Buffer.alloc(0);

  onPayload(bytes: Buffer): void {
    this.payload = Buffer.concat([this.payload, bytes]);
  }

  onText(): void {
    this.heard.push("text");
  }

  onPing(payload: Buffer): void {
    this.heard.push(`ping ${payload.toString("hex")}`);
  }

  onClose(code: number, reason: string): void {
    this.heard.push(`close ${code} ${reason}`);
  }

  onViolation(code: number): void {
    this.heard.push(`violation ${code}`);
  }
}

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly isFinal?: boolean;
  readonly mask?: Uint8Array;
}

/** A frame as a client sends it. */
function frame({ opcode, payload, isFinal = true, mask = Uint8Array.of(1, 2, 3, 4) }: Frame): Buffer {
  const body = Buffer.from(payload);
  const { length } = body;
  unmask(body, mask);
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (isFinal ? 0x80 : 0) | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeUInt32BE(length, 6);
  return Buffer.concat([header, mask, body]);
}

/** What is heard when these bytes come in parts of so many, each read to where the last one was. */
function read(bytes: Buffer, partBytes = bytes.length, maxMessageBytes = MAX_MESSAGE_BYTES): Recorder {
  const recorder = new Recorder();
  const frames = new ClientFrames(recorder, maxMessageBytes);
  const room = Buffer.alloc(partBytes);
  for (let at = 0; at < bytes.length; at += partBytes) {
    const length = bytes.copy(room, 0, at, at + partBytes);
    frames.push(room.subarray(0, length));
    room.fill(0xff);
  }
  return recorder;
}

const bytes = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

describe("ClientFrames", () => {
  it("hands on the same from a stream cut anywhere, whatever its messages, masks, fragments and pings between them", () => {
    const part = fc.record({
      payload: fc.uint8Array({ maxLength: 300 }),
      mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      ping: fc.option(fc.uint8Array({ maxLength: 125 })),
    });
    const messages = fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 5 });
    const property = fc.property(messages, fc.integer({ min: 1, max: 400 }), (all, partBytes) => {
      const stream: Buffer[] = [];
      const pings: string[] = [];
      for (const parts of all) {
        for (const [at, { payload, mask, ping }] of parts.entries()) {
          if (ping !== null) {
            stream.push(frame({ opcode: 9, payload: ping, mask }));
            pings.push(`ping ${Buffer.from(ping).toString("hex")}`);
          }
          stream.push(frame({ opcode: at === 0 ? 2 : 0, payload, isFinal: at === parts.length - 1, mask }));
        }
      }
      const { heard, payload } = read(Buffer.concat(stream), partBytes);
      expect(payload).toEqual(Buffer.concat(all.flat().map((each) => each.payload)));
      expect(heard).toEqual(pings);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("reads a frame of more than 64 KiB whose header is cut after each of its bytes", () => {
    const long = frame({ opcode: 2, payload: bytes(70_000) });
    for (let cut = 1; cut < 14; cut++) {
      const recorder = new Recorder();
      const frames = new ClientFrames(recorder, 70_000);
      frames.push(Buffer.from(long.subarray(0, cut)));
      frames.push(Buffer.from(long.subarray(cut)));
      expect(recorder.payload.equals(bytes(70_000))).toBe(true);
    }
  });

  const violations: readonly [string, Buffer, number][] = [
    ["no mask", Buffer.from([0x82, 1, 7]), 1002],
    ["a reserved bit", frame({ opcode: 0x42, payload: bytes(1) }), 1002],
    ["an unknown kind of data", frame({ opcode: 3, payload: bytes(1) }), 1002],
    ["an unknown kind of control", frame({ opcode: 11, payload: bytes(1) }), 1002],
    ["a cut ping", frame({ opcode: 9, payload: bytes(1), isFinal: false }), 1002],
    ["a long ping", frame({ opcode: 9, payload: bytes(126) }), 1002],
    ["a message inside another", Buffer.concat([start(1), frame({ opcode: 2, payload: bytes(1) })]), 1002],
    ["a fragment of nothing", frame({ opcode: 0, payload: bytes(1) }), 1002],
    ["a long message", frame({ opcode: 2, payload: bytes(MAX_MESSAGE_BYTES + 1) }), 1009],
    ["a long message in parts", Buffer.concat([start(600), frame({ opcode: 0, payload: bytes(401) })]), 1009],
    ["a length of 2^63", Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1009],
    ["half a close code", frame({ opcode: 8, payload: bytes(1) }), 1002],
    ["a close code that is none", frame({ opcode: 8, payload: Uint8Array.of(0x03, 0xed) }), 1002],
    ["a close with no UTF-8", frame({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8, 0xff) }), 1007],
    ["fragments without end", Buffer.concat([start(0), ...Array<Buffer>(1_024).fill(part(0))]), 1008],
  ];

  it.each(violations)("says what is wrong with %s, and reads nothing after it", (_, stream, code) => {
    const rest = frame({ opcode: 2, payload: bytes(10, 9) });
    const { heard, payload } = read(Buffer.concat([stream, rest]));
    expect(heard).toEqual([`violation ${code}`]);
    expect(payload.includes(9)).toBe(false);
  });

  it("takes a message of a thousand fragments, as long as all of them together are not too long", () => {
    const stream = Buffer.concat([
      start(0),
      ...Array<Buffer>(1_000).fill(part(1)),
      frame({ opcode: 0, payload: bytes(0) }),
    ]);
    expect(read(stream).payload).toHaveLength(1_000);
    expect(read(Buffer.concat([stream, stream])).heard).toEqual([]);
  });

  it("says that a message is text, and what a close says", () => {
    const close = frame({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8, 0x41) });
    expect(read(Buffer.concat([frame({ opcode: 1, payload: bytes(0) }), close]), 1).heard).toEqual([
      "text",
      "close 1000 A",
    ]);
  });

  it("hands on nothing after it was stopped in the middle of what it reads", () => {
    const recorder = new Recorder();
    const frames = new ClientFrames(recorder, MAX_MESSAGE_BYTES);
    recorder.onPing = () => frames.stop();
    frames.push(Buffer.concat([frame({ opcode: 9, payload: bytes(1) }), frame({ opcode: 2, payload: bytes(1) })]));
    expect(recorder.payload).toHaveLength(0);
  });
});

function start(length: number): Buffer {
  return frame({ opcode: 2, payload: bytes(length), isFinal: false });
}

function part(length: number): Buffer {
  return frame({ opcode: 0, payload: bytes(length), isFinal: false });
}
