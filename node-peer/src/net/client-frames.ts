import { BINARY, CLOSE, CONTINUATION, MAX_CONTROL_BYTES, PING, PONG, TEXT } from "@shoal/tracker";
import { unmask } from "./unmask.js";

/**
 * Browsers cut messages as their pipes fill, our own peers do not. Nothing is kept of a fragment, so this is only there
 * to end who sends empty ones for ever.
 */
const MAX_FRAGMENTS = 1024;

/** Two bytes, the length in eight more, the mask in four. */
const MAX_HEADER_BYTES = 14;
const MASK_BYTES = 4;

/** Who hears what is read. Payloads are views of what was pushed, valid during the call only. */
export interface ClientFramesSink {
  /** The next bytes of binary messages, wherever those begin and end. */
  onPayload(bytes: Buffer): void;
  /** A message that says that it is text has begun. */
  onText(): void;
  onPing(payload: Buffer): void;
  /** The other side closes, with the payload of its close frame. */
  onClose(payload: Buffer): void;
  /** A rule was broken (RFC 6455): nothing can be read after this. `code` says which, as close frames do. */
  onViolation(code: number, reason: string): void;
}

/**
 * Reads a client's WebSocket frames (RFC 6455, section 5) out of a stream, without putting anything together: payloads are
 * unmasked where they were read to and handed on at once. What is kept between two pushes is a header or the payload of a control frame.
 */
export class ClientFrames {
  readonly #sink: ClientFramesSink;
  readonly #maxMessageBytes: number;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the frame whose header is whole: what it is, and what of its payload is still to come. */
  #opcode = -1;
  #left = 0;
  /** Begins with what masks the next byte of the payload. */
  readonly #mask = Buffer.alloc(MASK_BYTES);
  readonly #control = Buffer.alloc(MAX_CONTROL_BYTES);
  #controlBytes = 0;
  /** Of the message under way; undefined between two messages. */
  #message: { bytes: number; fragments: number } | undefined;
  #stopped = false;

  constructor(sink: ClientFramesSink, maxMessageBytes: number) {
    this.#sink = sink;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Nothing more is handed on, not even what is left of the bytes being pushed. */
  stop(): void {
    this.#stopped = true;
  }

  /** The next bytes of the stream, which are changed in place. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#stopped;) {
      at = this.#opcode < 0 ? this.#pushHeader(bytes, at) : this.#pushPayload(bytes, at);
    }
  }

  #pushHeader(bytes: Buffer, at: number): number {
    let end = at;
    for (;;) {
      const missing = headerBytesOf(this.#header.subarray(0, this.#headerBytes)) - this.#headerBytes;
      if (missing === 0) break;
      if (end === bytes.length) return end;
      const taken = bytes.copy(this.#header, this.#headerBytes, end, Math.min(bytes.length, end + missing));
      this.#headerBytes += taken;
      end += taken;
    }
    this.#startFrame();
    return end;
  }

  #startFrame(): void {
    const header = this.#header.subarray(0, this.#headerBytes);
    const first = header.readUInt8(0);
    const opcode = first & 15;
    const length = payloadBytesOf(header);
    this.#headerBytes = 0;
    const violation = this.#violationOf(header, opcode, length);
    if (violation !== undefined) return this.#violate(violation);
    header.copy(this.#mask, 0, header.length - MASK_BYTES);
    if (opcode < CLOSE) this.#count(length, first >= 0x80);
    if (opcode === TEXT) this.#sink.onText();
    this.#opcode = opcode;
    this.#left = length;
    if (length === 0) this.#endFrame();
  }

  #violationOf(header: Buffer, opcode: number, length: number): Violation | undefined {
    const first = header.readUInt8(0);
    const isControl = opcode >= CLOSE;
    // No extension was agreed on, so the reserved bits mean nothing.
    if ((first & 0x70) !== 0 || opcode > PONG || (opcode > BINARY && !isControl)) return "Unknown kind of frame";
    if (header.readUInt8(1) < 0x80) return "Frames have to be masked";
    if (isControl) return first < 0x80 || length > MAX_CONTROL_BYTES ? "Control frames are short and whole" : undefined;
    if ((opcode === CONTINUATION) !== (this.#message !== undefined)) return "Fragments out of order";
    if ((this.#message?.bytes ?? 0) + length > this.#maxMessageBytes) return "Message too long";
    return (this.#message?.fragments ?? 0) >= MAX_FRAGMENTS ? "Too many fragments" : undefined;
  }

  #violate(reason: Violation): void {
    this.#stopped = true;
    this.#sink.onViolation(VIOLATIONS[reason], reason);
  }

  #count(length: number, isFinal: boolean): void {
    const { bytes, fragments } = this.#message ?? { bytes: 0, fragments: 0 };
    this.#message = isFinal ? undefined : { bytes: bytes + length, fragments: fragments + 1 };
  }

  #pushPayload(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const part = bytes.subarray(at, end);
    unmask(part, this.#mask);
    this.#turnMask(part.length);
    this.#left -= part.length;
    if (this.#opcode < CLOSE) this.#sink.onPayload(part);
    else this.#controlBytes += part.copy(this.#control, this.#controlBytes);
    if (this.#left === 0) this.#endFrame();
    return end;
  }

  #turnMask(bytes: number): void {
    const turn = bytes % MASK_BYTES;
    if (turn === 0) return;
    const [a = 0, b = 0, c = 0, d = 0] = this.#mask;
    const masks = [a, b, c, d, a, b, c, d];
    this.#mask.set(masks.slice(turn, turn + MASK_BYTES));
  }

  #endFrame(): void {
    const opcode = this.#opcode;
    const payload = this.#control.subarray(0, this.#controlBytes);
    this.#opcode = -1;
    this.#controlBytes = 0;
    if (this.#stopped) return;
    if (opcode === PING) this.#sink.onPing(payload);
    else if (opcode === CLOSE) this.#sink.onClose(payload);
  }
}

/** What a rule that was broken closes with. */
const VIOLATIONS = {
  "Unknown kind of frame": 1002,
  "Frames have to be masked": 1002,
  "Control frames are short and whole": 1002,
  "Fragments out of order": 1002,
  "Message too long": 1009,
  "Too many fragments": 1008,
} as const;

type Violation = keyof typeof VIOLATIONS;

/** The length of the whole header as far as its beginning tells. */
function headerBytesOf(header: Buffer): number {
  if (header.length < 2) return 2;
  const second = header.readUInt8(1);
  const short = second & 0x7f;
  return 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (second >= 0x80 ? MASK_BYTES : 0);
}

function payloadBytesOf(header: Buffer): number {
  const short = header.readUInt8(1) & 0x7f;
  if (short < 126) return short;
  // Exact up to 2^53, and far beyond every limit above that.
  return short === 126 ? header.readUInt16BE(2) : header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
}
