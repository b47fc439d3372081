import fc from "fast-check";
import { expect, test } from "vitest";
import { BINARY, CLOSE, closeFrame, CONTINUATION, controlFrame, PING, PONG, TEXT, textFrame, unmask } from "./frame.js";
import type { FrameReceiver, UnreadFrames } from "./frame-reader.js";
import { readFrames } from "./frame-reader.js";

const LIMITS = { maxMessageBytes: 1_000, maxFragments: 3 };

/** Writes down what it hears. */
class Recorder implements FrameReceiver {
  readonly heard: string[] = [];
  isReading = true;

  onMessage(utf8: Buffer): void {
    this.heard.push(`message ${utf8.toString("latin1")}`);
  }

  onPing(payload: Buffer): void {
    this.heard.push(`ping ${payload.toString("latin1")}`);
  }

  onPong(): void {
    this.heard.push("pong");
  }

  onClose(code: number): void {
    this.heard.push(`close ${code}`);
    this.isReading = false;
  }

  onViolation(code: number): void {
    this.heard.push(`violation ${code}`);
    this.isReading = false;
  }
}

interface FrameOptions {
  readonly isFinal?: boolean;
  readonly mask?: readonly number[];
}

/** A frame as a client sends it. */
function frame(
  opcode: number,
  payload: Uint8Array | string,
  { isFinal = true, mask = [1, 2, 3, 4] }: FrameOptions = {},
) {
  const body = Buffer.from(payload);
  const length = body.length;
  const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0];
  if (length >= 65_536) size.push(0, length >> 16, (length >> 8) & 255, length & 255);
  unmask(body, Uint8Array.from(mask));
  return Buffer.concat([
    Buffer.from([(isFinal ? 0x80 : 0) | opcode, 0x80 | size[0]!, ...size.slice(1), ...mask]),
    body,
  ]);
}

/** What is heard when these bytes come in parts of so many. */
function read(bytes: Buffer, partLength = bytes.length, limits = LIMITS): { heard: string[]; unread?: UnreadFrames } {
  const recorder = new Recorder();
  let unread: UnreadFrames | undefined = undefined;
  for (let at = 0; at < bytes.length && recorder.isReading; at += partLength) {
    unread = readFrames(Buffer.from(bytes.subarray(at, at + partLength)), unread, recorder, limits);
  }
  return { heard: recorder.heard, ...(unread && { unread }) };
}

test("reads the same from a stream cut anywhere, whatever the messages, masks, fragments and pings between them", () => {
  const message = fc.record({
    parts: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }),
    mask: fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
    hasPing: fc.boolean(),
  });
  const property = fc.property(
    fc.array(message, { maxLength: 5 }),
    fc.integer({ min: 1, max: 400 }),
    (messages, cut) => {
      const frames: Buffer[] = [];
      const expected: string[] = [];
      for (const { parts, mask, hasPing } of messages) {
        parts.forEach((part, at) => {
          const isFinal = at === parts.length - 1;
          frames.push(frame(at === 0 ? BINARY : CONTINUATION, part, { isFinal, mask }));
          if (!hasPing) return;
          frames.push(frame(PING, "p", { mask }));
          if (!isFinal) expected.push("ping p");
        });
        expected.push(`message ${Buffer.concat(parts).toString("latin1")}`);
        if (hasPing) expected.push("ping p");
      }
      const { heard, unread } = read(Buffer.concat(frames), cut);
      expect(heard).toEqual(expected);
      expect(unread).toBeUndefined();
    },
  );
  fc.assert(property);
});

test.each<[string, Buffer, string]>([
  ["a frame without a mask", textFrame("hello"), "violation 1002"],
  ["a reserved bit", Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), "violation 1002"],
  ["an unknown kind of frame", frame(3, ""), "violation 1002"],
  ["an unknown kind of control frame", frame(11, ""), "violation 1002"],
  ["a ping in fragments", frame(PING, "", { isFinal: false }), "violation 1002"],
  ["a ping of 126 bytes", frame(PING, "x".repeat(126)), "violation 1002"],
  ["a continuation of nothing", frame(CONTINUATION, "x"), "violation 1002"],
  [
    "a message within a message",
    Buffer.concat([frame(TEXT, "x", { isFinal: false }), frame(TEXT, "y")]),
    "violation 1002",
  ],
  ["a message too long by one byte", frame(BINARY, "x".repeat(1_001)), "violation 1009"],
  ["a length of 2^63", Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), "violation 1009"],
  ["fragments that are too long together", longFragments(), "violation 1009"],
  ["text that is not UTF-8", frame(TEXT, Uint8Array.of(0xc3, 0x28)), "violation 1007"],
  ["a close with one byte", frame(CLOSE, "x"), "violation 1002"],
  ["a close with a code for nobody's use", frame(CLOSE, Uint8Array.of(1005 >> 8, 1005 & 255)), "violation 1002"],
  ["a close with a reason that is not UTF-8", frame(CLOSE, Uint8Array.of(3, 232, 0xc3, 0x28)), "violation 1007"],
  ["a close without a code", frame(CLOSE, ""), "close 1005"],
  ["a close with a code", frame(CLOSE, Uint8Array.of(1001 >> 8, 1001 & 255)), "close 1001"],
])("answers %s", (_, bytes, answer) => {
  for (const part of [1, 2, 5, bytes.length]) expect(read(bytes, part).heard.slice(-1)).toEqual([answer]);
});

function longFragments(): Buffer {
  return Buffer.concat([frame(BINARY, "x".repeat(600), { isFinal: false }), frame(CONTINUATION, "y".repeat(401))]);
}

test("takes as many fragments as its limit says and not one more, empty ones too", () => {
  const fragments = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, at) =>
        frame(at === 0 ? TEXT : CONTINUATION, "", { isFinal: at === count - 1 }),
      ),
    );
  expect(read(fragments(3)).heard).toEqual(["message "]);
  expect(read(fragments(4)).heard).toEqual(["violation 1008"]);
});

test("hears nothing of what comes after a close or a violation", () => {
  expect(read(Buffer.concat([frame(CLOSE, ""), frame(TEXT, "x")])).heard).toEqual(["close 1005"]);
  expect(read(Buffer.concat([frame(CONTINUATION, ""), frame(TEXT, "x")])).heard).toEqual(["violation 1002"]);
});

test("keeps about as many bytes of an unfinished message as have come, not as many as were announced", () => {
  const limits = { maxMessageBytes: 1_000_000, maxFragments: 3 };
  const { unread } = read(frame(BINARY, new Uint8Array(900_000)).subarray(0, 3_000), 100, limits);
  expect(unread?.frame.length).toBe(3_000);
  expect(unread?.frame.append(Uint8Array.of(1)).buffer.byteLength).toBeLessThanOrEqual(6_000);
});

test("writes frames that it could read, of every length of header", () => {
  for (const length of [0, 125, 126, 65_535, 65_536, 70_000]) {
    const written = textFrame("é".repeat(length >> 1) + "x".repeat(length & 1));
    const at = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const masked = Buffer.concat([written.subarray(0, at), Buffer.alloc(4), written.subarray(at)]);
    masked[1] = (masked[1] ?? 0) | 0x80;
    const { heard } = read(masked, masked.length, { maxMessageBytes: 100_000, maxFragments: 1 });
    expect(heard).toEqual([`message ${written.subarray(at).toString("latin1")}`]);
    expect(written.length - at).toBe(length);
  }
  expect(controlFrame(PONG, Uint8Array.of(7))).toEqual(Buffer.from([0x8a, 1, 7]));
  expect(closeFrame(1000, "Idle").toString("latin1")).toBe("\x88\x06\x03\xe8Idle");
});
