import type { Duplex } from "node:stream";
import type { ClientAddress } from "./address.js";
import { LineRegistrations } from "./line-registrations.js";
import {
  CLOSE_MS,
  DEAD_MS,
  IDLE_MS,
  MAX_BUFFER_BYTES,
  MAX_FRAGMENTS,
  MAX_HAVE_MESSAGE_BYTES,
  PAUSE_BUFFER_BYTES,
  PING_MS,
  STALLED_MS,
} from "./limits.js";
import type { PeerLine } from "./registered-peer.js";
import { closeFrame, controlFrame, PING, PONG, textFrame } from "./websocket/frame.js";
import type { FrameReceiver, UnreadFrames } from "./websocket/frame-reader.js";
import { readFrames } from "./websocket/frame-reader.js";

/** Who handles the messages of its lines. */
export interface LineOwner {
  /** Whole milliseconds that never go back. */
  now(): number;
  /** A message, as a view that is valid during the call only. */
  onMessage(line: WebSocketLine, utf8: Buffer): void;
}

/** Open; we have said that we close and wait for the other side to say so; over, but for bytes that are still to leave. */
type Phase = "open" | "closing" | "over";

const LIMITS = { maxMessageBytes: MAX_HAVE_MESSAGE_BYTES, maxFragments: MAX_FRAGMENTS };
const PING_FRAME = controlFrame(PING);

/**
 * One WebSocket of a peer: what it may send and how long it may be silent or slow. Times in milliseconds.
 *
 * It stands on the stream itself: a `WebSocket` of `ws`, with its receiver, sender and listeners, takes 1.7 KB besides the
 * socket's 1.0 KB, this takes 0.2, and an announce costs half the time.
 */
export class WebSocketLine implements PeerLine, FrameReceiver {
  readonly address: ClientAddress;
  readonly registrations = new LineRegistrations();
  heldBytes = 0;
  answersFullAt = 0;
  protocolErrors = 0;
  readonly #owner: LineOwner;
  readonly #stream: Duplex;
  #phase: Phase = "open";
  /** When a message, and when anything at all, was last heard; once it is not open, when that began. */
  #messageAt: number;
  #heardAt: number;
  #pingAt: number;
  #stalled: { since: number; bytes: number } | undefined = undefined;
  #unread: UnreadFrames | undefined = undefined;

  /** `stream` has been through the opening handshake; its bytes are to be passed to `onBytes`. */
  constructor(owner: LineOwner, stream: Duplex, address: ClientAddress) {
    this.#owner = owner;
    this.#stream = stream;
    this.address = address;
    this.#messageAt = this.#heardAt = this.#pingAt = owner.now();
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  get isReading(): boolean {
    return this.#phase !== "over";
  }

  /** The next bytes of the stream, which are changed in place. */
  onBytes(bytes: Buffer): void {
    if (this.#phase === "over") return;
    // Several replies in one turn leave in one write: the system call is the dearest part of an answer.
    this.#stream.cork();
    this.#unread = readFrames(bytes, this.#unread, this, LIMITS);
    this.#stream.uncork();
  }

  send(text: string): void {
    if (this.#phase === "open") this.#write(textFrame(text));
  }

  /** Says that the line ends; messages that still come are dropped. `reason` is short ASCII. */
  close(code: number, reason: string): void {
    if (this.#phase !== "open") return;
    this.#write(closeFrame(code, reason));
    this.#phase = "closing";
    this.#heardAt = this.#owner.now();
  }

  /** Ends the line without a word. */
  terminate(): void {
    this.#phase = "over";
    this.#stream.destroy();
  }

  onMessage(utf8: Buffer): void {
    if (this.#phase !== "open") return;
    this.#messageAt = this.#heardAt = this.#owner.now();
    this.#owner.onMessage(this, utf8);
  }

  onPing(payload: Buffer): void {
    if (this.#phase === "open") this.#write(controlFrame(PONG, payload));
  }

  onPong(): void {
    if (this.#phase === "open") this.#heardAt = this.#owner.now();
  }

  onClose(code: number): void {
    // Without a code there is none to repeat.
    if (code === 1005) code = 1000;
    this.#end(code, "");
  }

  onViolation(code: number, reason: string): void {
    this.#end(code, reason);
  }

  /** To be called every second or so: pings, resumes and cuts off. */
  tend(now: number): void {
    if (this.#phase !== "open") {
      if (now - this.#heardAt > CLOSE_MS) this.terminate();
      return;
    }
    const waiting = this.bufferedBytes;
    if (waiting > PAUSE_BUFFER_BYTES) {
      this.#tendSlow(waiting, now);
      return;
    }
    this.#stalled = undefined;
    if (this.#stream.isPaused()) this.#stream.resume();
    if (now - this.#heardAt > DEAD_MS) this.terminate();
    else if (now - this.#messageAt > IDLE_MS) this.close(1000, "Idle");
    else if (now - this.#pingAt >= PING_MS) {
      this.#pingAt = now;
      this.#write(PING_FRAME);
    }
  }

  #tendSlow(waiting: number, now: number): void {
    const { since, bytes } = (this.#stalled ??= { since: now, bytes: waiting });
    this.#stalled = { since: waiting < bytes ? now : since, bytes: waiting };
    // Paused, so its pongs are unread and prove nothing: only bytes that leave do.
    this.#heardAt = now;
    if (now - this.#stalled.since > STALLED_MS) this.terminate();
  }

  #write(frame: Buffer): void {
    this.#stream.write(frame);
    const waiting = this.bufferedBytes;
    // Whoever does not read gets nothing new to answer: replies stop piling up, notices are bounded by the cut below.
    if (waiting > MAX_BUFFER_BYTES) this.terminate();
    else if (waiting > PAUSE_BUFFER_BYTES) this.#stream.pause();
  }

  #end(code: number, reason: string): void {
    this.close(code, reason);
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#heardAt = this.#owner.now();
    this.#stream.end();
    // A paused stream would never find out that the other side has ended as well.
    this.#stream.resume();
  }
}
