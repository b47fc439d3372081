import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { MAX_MESSAGE_BYTES, type WebSocketLike } from "@shoal/peer-core/platform";
import { binaryHeader, CLOSE, closeFrame, controlFrame, PONG } from "@shoal/tracker/websocket";
import { ClientFrames, type ClientFramesSink } from "./client-frames.js";
import { readInPlace } from "./read-in-place.js";

/** Who lets so much wait gets no more pongs: it would fill our memory with them. */
const MOST_BEFORE_PONG_BYTES = 256 * 1024;

/** Who has said, or been told, that this is the end and does not hang up is cut off. */
const CLOSE_DEADLINE_MS = 5_000;

/** No close frame has come, or one without a code (RFC 6455, section 7.1.5). */
const LOST = 1006;
const NO_CODE = 1005;

type OnWritten = (error?: Error | null) => void;

/**
 * A WebSocket that a client has opened, on the stream itself, after the opening handshake. What `ws` does for each frame, a
 * buffer made anew and the payload copied there, was a quarter of what a relay's process did; here payloads are handed
 * on where they were read to.
 *
 * Emits "message" with each piece of payload and "close" once, besides calling the handlers of `WebSocketLike`.
 */
export class PeerWebSocket extends EventEmitter implements WebSocketLike, ClientFramesSink {
  binaryType = "fragments";
  onopen: WebSocketLike["onopen"] = null;
  onmessage: WebSocketLike["onmessage"] = null;
  onerror: WebSocketLike["onerror"] = null;
  onclose: WebSocketLike["onclose"] = null;
  readonly #stream: Duplex;
  readonly #frames = new ClientFrames(this, MAX_MESSAGE_BYTES);
  #hasSaidClose = false;
  #heard: { readonly code: number; readonly reason: string } | undefined;
  #isOver = false;
  #deadline: NodeJS.Timeout | undefined;

  /** `head`: what has come behind the handshake. It is delivered asynchronously, as all else. */
  constructor(stream: Duplex, head: Buffer) {
    super();
    this.#stream = readInPlace(stream, (bytes) => this.#frames.push(bytes));
    this.#stream.on("end", () => this.#end());
    this.#stream.on("error", () => this.terminate());
    this.#stream.on("close", () => this.#onStreamClosed());
    // Before anything that is read from now on.
    queueMicrotask(() => this.#frames.push(head));
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength;
  }

  send(bytes: Uint8Array, onWritten?: OnWritten): void {
    if (this.#hasSaidClose || this.#isOver) {
      onWritten?.(new Error("The WebSocket is closed"));
      return;
    }
    // Header and payload leave in one system call.
    this.#stream.cork();
    this.#stream.write(binaryHeader(bytes.length));
    this.#stream.write(bytes, onWritten);
    this.#stream.uncork();
  }

  /** Sends what waits and a close frame; it is over when the other side has answered, or `terminate` is called. */
  close(code = NO_CODE, reason = ""): void {
    if (this.#hasSaidClose || this.#isOver) return;
    this.#hasSaidClose = true;
    this.#stream.write(code === NO_CODE ? controlFrame(CLOSE) : closeFrame(code, reason));
    if (this.#heard !== undefined) this.#end();
  }

  terminate(): void {
    this.#frames.stop();
    this.#stream.destroy();
  }

  onPayload(bytes: Buffer): void {
    this.emit("message", bytes);
    this.onmessage?.({ data: bytes });
  }

  onText(): void {
    this.onmessage?.({ data: "" });
  }

  onPing(payload: Buffer): void {
    if (this.#hasSaidClose || this.bufferedAmount > MOST_BEFORE_PONG_BYTES) return;
    this.#stream.write(controlFrame(PONG, payload));
  }

  onClose(code: number, reason: string): void {
    this.#heard = { code, reason };
    this.#frames.stop();
    if (this.#hasSaidClose) this.#end();
    else this.close(code);
  }

  onViolation(code: number, reason: string): void {
    this.onerror?.({ error: new FrameError(reason) });
    this.#frames.stop();
    this.close(code, reason);
    this.#end();
  }

  /** The last bytes leave; what still comes is read, so that the other side's end is seen, and dropped. */
  #end(): void {
    this.#stream.end();
    this.#stream.resume();
    this.#deadline ??= setTimeout(() => this.terminate(), CLOSE_DEADLINE_MS);
  }

  #onStreamClosed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#frames.stop();
    const { code, reason } = this.#heard ?? { code: LOST, reason: "" };
    this.onclose?.({ code, reason });
    this.emit("close");
  }
}

/** Named as `ws` names what it finds wrong with the other side's frames. */
class FrameError extends Error {
  readonly code = "WS_ERR_FRAMES";
}
