import type { Socket } from "node:net";
import {
  DRAIN_BYTES,
  SendWatch,
  type CloseReason,
  type Connection,
  type ConnectionEvents,
} from "@shoal/peer-core/platform";

/** The port's promise: `onClosed` comes within this time of `close`. Also for the last bytes to leave, whoever ended. */
const CLOSE_DEADLINE_MS = 5_000;

export interface TcpConnectionOptions {
  readonly label: string;
  readonly remoteAddress: string | undefined;
  /** This long without a byte leaving while some wait, and the link counts as lost; 30 s when left out. */
  readonly stallMs?: number | undefined;
}

/** A peer link over a plain TCP socket, connected and paused. TCP has no close codes: an orderly end is 1000, any other 1006. */
export class TcpConnection implements Connection {
  readonly label: string;
  readonly remoteAddress: string | undefined;
  readonly drainBytes = DRAIN_BYTES;
  readonly #socket: Socket;
  readonly #watch: SendWatch;
  #events: ConnectionEvents | undefined;
  #isAttached = false;
  /** Set when the link is over; told once somebody is attached. */
  #reason: CloseReason | undefined;
  #ownClose: CloseReason | undefined;
  #error: Error | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket, options: TcpConnectionOptions) {
    this.label = options.label;
    this.remoteAddress = options.remoteAddress;
    this.#socket = socket;
    this.#watch = new SendWatch({
      queuedBytes: () => socket.writableLength,
      stallMs: options.stallMs,
      onDrain: () => this.#events?.onDrain(),
      onLost: (message) => this.#lose(message),
    });
    socket.on("data", (chunk: Buffer) => this.deliver(chunk));
    socket.on("error", (error) => (this.#error = error));
    socket.on("end", () => {
      this.#finish({ code: 1000, message: "", remote: true });
      this.#destroySoon();
    });
    socket.on("close", () => {
      clearTimeout(this.#deadline);
      const message = this.#error?.message ?? "The connection was lost";
      this.#finish({ code: 1006, message, remote: true });
    });
  }

  get queuedBytes(): number {
    return this.#reason === undefined ? this.#socket.writableLength : 0;
  }

  attach(events: ConnectionEvents): void {
    this.#isAttached = true;
    this.#events = events;
    queueMicrotask(() => {
      if (this.#reason === undefined) this.#socket.resume();
      else this.#tellClosed();
    });
  }

  send(bytes: Uint8Array, onSent?: (bytes: Uint8Array) => void): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined || bytes.length === 0) return;
    this.#socket.write(bytes, onSent === undefined ? this.#onWritten : this.#givingBack(bytes, onSent));
    this.#watch.noteSent(bytes.length);
  }

  close(code: number, message: string): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined) return;
    this.#ownClose = { code, message, remote: false };
    this.#watch.stop();
    this.#destroySoon();
    this.#socket.end();
    // The other side's end is seen only by who reads on.
    this.#socket.resume();
  }

  /** Where the next read is wanted; undefined where it makes no difference. */
  room(): Uint8Array | undefined {
    return this.#reason === undefined && this.#ownClose === undefined ? this.#events?.roomForBytes?.() : undefined;
  }

  /** Hands over what the socket has read; for sockets that read into a buffer of their owner (`onread`). */
  deliver(chunk: Uint8Array): void {
    if (this.#reason !== undefined || this.#ownClose !== undefined) return;
    // A plain array: a Buffer's `slice` does not copy.
    this.#events?.onBytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#watch.check();
  }

  /** One function for all sends: a closure for each would cost more than the send of a small message. */
  readonly #onWritten = (): void => this.#watch.check();

  #givingBack(bytes: Uint8Array, onSent: (bytes: Uint8Array) => void): (error?: Error | null) => void {
    return (error) => {
      if (error === undefined || error === null) onSent(bytes);
      this.#watch.check();
    };
  }

  /** Who has ended and reads no more would otherwise keep for ever what waits to be sent. */
  #destroySoon(): void {
    this.#deadline ??= setTimeout(() => this.#socket.destroy(), CLOSE_DEADLINE_MS);
  }

  #lose(message: string): void {
    this.#socket.resetAndDestroy();
    this.#finish({ code: 1006, message, remote: true });
  }

  #finish(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = this.#ownClose ?? reason;
    this.#watch.stop();
    // Not at once: it may be the caller's own `send` that gave up.
    if (this.#isAttached) queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const events = this.#events;
    if (this.#reason === undefined || events === undefined) return;
    this.#events = undefined;
    events.onClosed(this.#reason);
  }
}
