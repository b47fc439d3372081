import { invariant } from "../src/base/invariant.js";
import type { CloseReason, Connection, ConnectionEvents } from "../src/ports/connection.js";
import { DRAIN_BYTES, SendWatch } from "./send-watch.js";
import { codeForBrowser, codeFromWire, fitReason } from "./websocket-codes.js";
import type { WebSocketLike } from "./websocket-like.js";

/** Longest WebSocket message taken: one block of 1 MiB with its header, twice. */
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** The port's promise: `onClosed` comes within this time of `close`. */
const CLOSE_DEADLINE_MS = 5_000;

/** Browsers do not say when they have sent; timers are not finer than this there. */
const POLL_MS = 4;

type TimerHandle = ReturnType<typeof setTimeout>;

export interface WebSocketConnectionOptions {
  readonly label: string;
  readonly remoteAddress?: string | undefined;
  /** This long without a byte leaving while some wait, and the link counts as lost; 30 s when left out. */
  readonly stallMs?: number | undefined;
}

/** A peer link over an open WebSocket of `ws` or of a browser; takes over the socket's `on…` handlers. */
export class WebSocketConnection implements Connection {
  readonly label: string;
  readonly remoteAddress: string | undefined;
  readonly drainBytes = DRAIN_BYTES;
  readonly #socket: WebSocketLike;
  readonly #isNode: boolean;
  readonly #watch: SendWatch;
  #events: ConnectionEvents | undefined;
  /** Set when the link is over; told once somebody is attached. */
  #reason: CloseReason | undefined;
  #ownClose: CloseReason | undefined;
  /** What `ws` found wrong with the other side's frames. */
  #violation: CloseReason | undefined;
  /** Undefined once bytes go straight to whoever is attached. */
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  #pollTimer: TimerHandle | undefined;
  #deadline: TimerHandle | undefined;

  constructor(socket: WebSocketLike, options: WebSocketConnectionOptions) {
    this.label = options.label;
    this.remoteAddress = options.remoteAddress;
    this.#socket = socket;
    this.#isNode = socket.terminate !== undefined;
    this.#watch = new SendWatch({
      queuedBytes: () => socket.bufferedAmount,
      stallMs: options.stallMs,
      onDrain: () => this.#events?.onDrain(),
      onLost: (message) => this.#lose(message),
    });
    // Of what `ws` offers, "fragments" is the one that copies nothing: browsers cut a block into several frames.
    socket.binaryType = this.#isNode ? "fragments" : "arraybuffer";
    socket.onmessage = (event) => this.#onMessage(event.data);
    socket.onerror = (event) => this.#onError(event.error);
    socket.onclose = (event) => this.#onClose(event.code, event.reason);
  }

  get queuedBytes(): number {
    return this.#reason === undefined ? this.#socket.bufferedAmount : 0;
  }

  attach(events: ConnectionEvents): void {
    invariant(this.#events === undefined, "a connection is attached once");
    this.#events = events;
    queueMicrotask(() => this.#deliverHeld());
  }

  send(bytes: Uint8Array, onSent?: (bytes: Uint8Array) => void): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined || bytes.length === 0) return;
    if (this.#isNode)
      this.#socket.send(bytes, onSent === undefined ? this.#onWritten : this.#givingBack(bytes, onSent));
    else this.#socket.send(bytes);
    this.#watch.noteSent(bytes.length);
    if (this.#isNode) return;
    if (this.#watch.isAboveDrain) this.#pollTimer ??= setTimeout(this.#poll, POLL_MS);
    // Browsers copy what they are given to send (WebSockets standard, "send"): the memory is free again.
    onSent?.(bytes);
  }

  close(code: number, message: string): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined) return;
    this.#ownClose = { code, message, remote: false };
    this.#held &&= [];
    this.#watch.stop();
    this.#deadline = setTimeout(() => this.#abandon(), CLOSE_DEADLINE_MS);
    this.#socket.close(this.#isNode ? code : codeForBrowser(code), fitReason(message));
  }

  #onMessage(data: unknown): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined) return;
    const parts: readonly unknown[] = Array.isArray(data) ? data : [data];
    for (const part of parts) if (!this.#take(plainBytes(part))) return;
    this.#watch.check();
  }

  /** False when nothing more is to be taken. */
  #take(bytes: Uint8Array | undefined): boolean {
    if (bytes === undefined) this.close(1002, "Text frames carry no peer wire");
    else if (this.#held === undefined) this.#events?.onBytes(bytes);
    else this.#hold(bytes, this.#held);
    return this.#reason === undefined && this.#ownClose === undefined;
  }

  #hold(bytes: Uint8Array, held: Uint8Array[]): void {
    // Who reads into one buffer uses it again.
    held.push(bytes.slice());
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_MESSAGE_BYTES) this.close(1009, "Too much before anybody listened");
  }

  #deliverHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) if (this.#ownClose === undefined) this.#events?.onBytes(bytes);
    this.#tellClosed();
  }

  /** One function for all sends: a closure for each would cost more than the send of a small message. */
  readonly #onWritten = (): void => this.#watch.check();

  #givingBack(bytes: Uint8Array, onSent: (bytes: Uint8Array) => void): (error?: Error | null) => void {
    return (error) => {
      if (error === undefined || error === null) onSent(bytes);
      this.#watch.check();
    };
  }

  readonly #poll = (): void => {
    this.#pollTimer = undefined;
    this.#watch.check();
    if (this.#watch.isAboveDrain) this.#pollTimer ??= setTimeout(this.#poll, POLL_MS);
  };

  #lose(message: string): void {
    this.#drop();
    this.#finish({ code: 1006, message, remote: true });
  }

  #abandon(): void {
    this.#drop();
    if (this.#ownClose !== undefined) this.#finish(this.#ownClose);
  }

  #drop(): void {
    if (this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.#socket.close(codeForBrowser(1006));
  }

  #onError(error: unknown): void {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (!(error instanceof Error) || typeof code !== "string" || !code.startsWith("WS_ERR_")) return;
    this.#violation = { code: 1002, message: error.message, remote: false };
  }

  #onClose(code: number, reason: string): void {
    this.#finish(this.#ownClose ?? this.#violation ?? { code: codeFromWire(code), message: reason, remote: true });
  }

  #finish(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#watch.stop();
    for (const timer of [this.#pollTimer, this.#deadline]) clearTimeout(timer);
    // Not at once: it may be the caller's own `send` that gave up.
    if (this.#held === undefined) queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const events = this.#events;
    if (this.#reason === undefined || events === undefined) return;
    this.#events = undefined;
    events.onClosed(this.#reason);
  }
}

/** The bytes of a binary frame; a Buffer as a plain array, since its `slice` does not copy. */
function plainBytes(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof Uint8Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return undefined;
}
