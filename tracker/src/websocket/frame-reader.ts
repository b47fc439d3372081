import { isUtf8 } from "node:buffer";
import {
  MASK_BYTES,
  readClientHeader,
  readClose,
  VIOLATIONS,
  type ClientHeader,
  type Violation,
} from "./client-header.js";
import { CLOSE, CONTINUATION, PING, PONG, TEXT, unmask } from "./frame.js";
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

function violate(receiver: FrameReceiver, reason: Violation): void {
  receiver.onViolation(VIOLATIONS[reason], reason);
}

/** The header at `at`; undefined while not all of it is there; a text says which rule it breaks. */
function headerAt(
  bytes: Buffer,
  at: number,
  state: UnreadFrames | undefined,
  { maxMessageBytes }: FrameLimits,
): ClientHeader | Violation | undefined {
  const header = readClientHeader(bytes, at, state !== undefined && state.opcode >= 0);
  if (typeof header !== "object") return header;
  const before = header.opcode >= CLOSE ? 0 : (state?.message.length ?? 0);
  return before + header.length > maxMessageBytes ? "Message too long" : header;
}

function deliver(
  { isFinal, opcode }: ClientHeader,
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
    if (++state.fragments > maxFragments) violate(receiver, "Too many fragments");
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
  if (opcode === TEXT && !isUtf8(payload)) violate(receiver, "Text has to be UTF-8");
  else receiver.onMessage(payload);
}

function deliverClose(payload: Buffer, receiver: FrameReceiver): void {
  const close = readClose(payload);
  if (typeof close === "object") receiver.onClose(close.code);
  else violate(receiver, close);
}

/** The state with `rest` as the beginning of a frame; none when there is nothing to remember. */
function keep(rest: Buffer, unread: UnreadFrames | undefined): UnreadFrames | undefined {
  if (rest.length === 0 && (unread === undefined || unread.opcode < 0)) return undefined;
  const state = unread ?? new UnreadFrames();
  state.frame.replace(rest);
  return state;
}
