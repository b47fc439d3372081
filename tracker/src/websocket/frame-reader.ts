import { isUtf8 } from "node:buffer";
import { BINARY, CLOSE, CONTINUATION, isCloseCode, MAX_CONTROL_BYTES, PING, PONG, TEXT, unmask } from "./frame.js";
import { GrowingBytes } from "./growing-bytes.js";

/** Who hears what a reader finds. Payloads are views that are valid during the call only. */
export interface FrameReceiver {
  /** False once nothing more is to be read: the rest is dropped. */
  readonly isReading: boolean;
  /** A whole message; `utf8` was checked where the sender called it text. */
  onMessage(utf8: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(): void;
  /** The other side closes; 1005 when it does not say why. */
  onClose(code: number): void;
  /** A rule was broken; `code` says which (RFC 6455, section 7.4.1). */
  onViolation(code: number, reason: string): void;
}

export interface FrameLimits {
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}

/** What of a stream has come but makes no message yet. Invariant: none exists for a stream between two messages. */
export class UnreadFrames {
  /** The beginning of a frame. */
  readonly frame = new GrowingBytes();
  /** Fragments of a message: their payloads, how many, and what the first was; -1 when none is open. */
  readonly message = new GrowingBytes();
  fragments = 0;
  opcode = -1;
}

interface Header {
  readonly isFinal: boolean;
  readonly opcode: number;
  /** Where the mask begins; the payload follows behind it. */
  readonly maskAt: number;
  readonly length: number;
}

const MASK_BYTES = 4;

/**
 * Reads the frames of a client (RFC 6455, section 5) out of the next bytes of its stream, which it may change. Returns what
 * to pass as `unread` next time: keeping that outside means that a socket without a message under way costs no memory.
 */
export function readFrames(
  bytes: Buffer,
  unread: UnreadFrames | undefined,
  receiver: FrameReceiver,
  limits: FrameLimits,
): UnreadFrames | undefined {
  let state = unread;
  const waiting = state?.frame;
  const input = waiting === undefined || waiting.length === 0 ? bytes : waiting.append(bytes);
  let at = 0;
  while (receiver.isReading) {
    const header = headerAt(input, at, state, limits);
    if (header === undefined) break;
    if (typeof header === "string") {
      violate(receiver, header);
      return undefined;
    }
    const payloadAt = header.maskAt + MASK_BYTES;
    if (input.length - payloadAt < header.length) break;
    const payload = input.subarray(payloadAt, payloadAt + header.length);
    unmask(payload, input.subarray(header.maskAt, payloadAt));
    at = payloadAt + header.length;
    state = deliver(header, payload, state, receiver, limits);
  }
  return keep(input.subarray(receiver.isReading ? at : input.length), state);
}

/** What a rule that was broken closes with. */
const VIOLATIONS = {
  "Unknown kind of frame": 1002,
  "Frames have to be masked": 1002,
  "Control frames are short and whole": 1002,
  "Fragments out of order": 1002,
  "Message too long": 1009,
} as const;

function violate(receiver: FrameReceiver, reason: keyof typeof VIOLATIONS): void {
  receiver.onViolation(VIOLATIONS[reason], reason);
}

/** The header at `at`; undefined while not all of it is there; a text says which rule it breaks. */
function headerAt(
  bytes: Buffer,
  at: number,
  state: UnreadFrames | undefined,
  { maxMessageBytes }: FrameLimits,
): Header | keyof typeof VIOLATIONS | undefined {
  if (bytes.length - at < 2) return undefined;
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const opcode = first & 15;
  const isFinal = first >= 0x80;
  const isControl = opcode >= CLOSE;
  // No extension was agreed on, so the reserved bits mean nothing.
  if ((first & 0x70) !== 0 || opcode > PONG || (opcode > BINARY && !isControl)) return "Unknown kind of frame";
  if (second < 0x80) return "Frames have to be masked";
  const short = second & 0x7f;
  if (isControl && (!isFinal || short > MAX_CONTROL_BYTES)) return "Control frames are short and whole";
  if (!isControl && (opcode === CONTINUATION) !== (state !== undefined && state.opcode >= 0)) {
    return "Fragments out of order";
  }
  const maskAt = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8);
  if (bytes.length < maskAt) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : longLength(bytes, at + 2);
  const before = isControl ? 0 : (state?.message.length ?? 0);
  return before + length > maxMessageBytes ? "Message too long" : { isFinal, opcode, maskAt, length };
}

/** Exact up to 2^53, and far beyond every limit above that. */
function longLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function deliver(
  { isFinal, opcode }: Header,
  payload: Buffer,
  unread: UnreadFrames | undefined,
  receiver: FrameReceiver,
  { maxFragments }: FrameLimits,
): UnreadFrames | undefined {
  if (opcode === PING) receiver.onPing(payload);
  else if (opcode === PONG) receiver.onPong();
  else if (opcode === CLOSE) deliverClose(payload, receiver);
  else if (isFinal && opcode !== CONTINUATION) deliverMessage(opcode, payload, receiver);
  else {
    const state = unread ?? new UnreadFrames();
    if (state.opcode < 0) state.opcode = opcode;
    if (++state.fragments > maxFragments) receiver.onViolation(1008, "Too many fragments");
    else {
      const whole = state.message.append(payload);
      if (isFinal) endFragments(state, whole, receiver);
    }
    return state;
  }
  return unread;
}

function endFragments(state: UnreadFrames, whole: Buffer, receiver: FrameReceiver): void {
  const { opcode } = state;
  state.opcode = -1;
  state.fragments = 0;
  state.message.clear();
  deliverMessage(opcode, whole, receiver);
}

function deliverMessage(opcode: number, payload: Buffer, receiver: FrameReceiver): void {
  if (opcode === TEXT && !isUtf8(payload)) receiver.onViolation(1007, "Text has to be UTF-8");
  else receiver.onMessage(payload);
}

function deliverClose(payload: Buffer, receiver: FrameReceiver): void {
  if (payload.length === 0) receiver.onClose(1005);
  else if (payload.length === 1 || !isCloseCode(payload.readUInt16BE()))
    receiver.onViolation(1002, "No such close code");
  else if (!isUtf8(payload.subarray(2))) receiver.onViolation(1007, "Text has to be UTF-8");
  else receiver.onClose(payload.readUInt16BE());
}

/** The state with `rest` as the beginning of a frame; none when there is nothing to remember. */
function keep(rest: Buffer, unread: UnreadFrames | undefined): UnreadFrames | undefined {
  if (rest.length === 0 && (unread === undefined || unread.opcode < 0)) return undefined;
  const state = unread ?? new UnreadFrames();
  state.frame.replace(rest);
  return state;
}
