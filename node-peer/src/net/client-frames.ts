import {
  CLOSE,
  MASK_BYTES,
  MAX_CONTROL_BYTES,
  PING,
  readClientHeader,
  readClose,
  TEXT,
  VIOLATIONS,
  type ClientHeader,
  type Violation,
} from "@shoal/tracker/websocket";
import { unmaskLong } from "./unmask-long.js";

/**
 * Browsers cut messages as their pipes fill, our own peers do not. Nothing is kept of a fragment, so this is only there
 * to end who sends empty ones for ever.
 */
const MAX_FRAGMENTS = 1024;

/** Two bytes, the length in eight more, the mask in four. */
const MAX_HEADER_BYTES = 14;

/** Who hears what is read. Payloads are views of what was pushed, valid during the call only. */
export interface ClientFramesSink {
  /** The next bytes of binary messages, wherever those begin and end. */
  onPayload(bytes: Buffer): void;
  /** A message that says that it is text has begun. */
  onText(): void;
  onPing(payload: Buffer): void;
  /** The other side closes; 1005 when it does not say why. */
  onClose(code: number, reason: string): void;
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
    for (let end = at; end < bytes.length;) {
      this.#header[this.#headerBytes++] = bytes[end++] ?? 0;
      const soFar = this.#header.subarray(0, this.#headerBytes);
      const header = readClientHeader(soFar, 0, this.#message !== undefined);
      if (typeof header === "string") {
        this.#violate(header);
        return end;
      }
      if (header === undefined || soFar.length < header.maskAt + MASK_BYTES) continue;
      soFar.copy(this.#mask, 0, header.maskAt);
      this.#startFrame(header);
      return end;
    }
    return bytes.length;
  }

  #startFrame({ opcode, length, isFinal }: ClientHeader): void {
    this.#headerBytes = 0;
    if (opcode < CLOSE && !this.#count(length, isFinal)) return;
    if (opcode === TEXT) this.#sink.onText();
    this.#opcode = opcode;
    this.#left = length;
    if (length === 0) this.#endFrame();
  }

  #violate(reason: Violation): void {
    this.#stopped = true;
    this.#sink.onViolation(VIOLATIONS[reason], reason);
  }

  /** False when the message is longer than it may be, or in more parts. */
  #count(length: number, isFinal: boolean): boolean {
    const { bytes, fragments } = this.#message ?? { bytes: 0, fragments: 0 };
    const isTooLong = bytes + length > this.#maxMessageBytes;
    if (isTooLong || fragments >= MAX_FRAGMENTS) {
      this.#violate(isTooLong ? "Message too long" : "Too many fragments");
      return false;
    }
    this.#message = isFinal ? undefined : { bytes: bytes + length, fragments: fragments + 1 };
    return true;
  }

  #pushPayload(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const part = bytes.subarray(at, end);
    unmaskLong(part, this.#mask);
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
    else if (opcode === CLOSE) this.#close(payload);
  }

  #close(payload: Buffer): void {
    const close = readClose(payload);
    if (typeof close === "object") this.#sink.onClose(close.code, close.reason);
    else this.#violate(close);
  }
}
