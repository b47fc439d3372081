import type { Duplex } from "node:stream";
import type { WireId } from "@shoal/peer-core/announce";
import type { WebSocket } from "ws";
import type { ClientAddress } from "./address.js";
import { DEAD_MS, IDLE_MS, MAX_BUFFER_BYTES, PAUSE_BUFFER_BYTES, PING_MS, STALLED_MS } from "./limits.js";
import type { PeerLine, RegisteredPeer } from "./registered-peer.js";

/** One WebSocket of a peer: what it may send and how long it may be silent or slow. Times in milliseconds. */
export class WebSocketLine implements PeerLine {
  readonly address: ClientAddress;
  readonly registrations = new Map<string, RegisteredPeer>();
  readonly socket: WebSocket;
  peerId: WireId | undefined = undefined;
  heldBytes = 0;
  answersFullAt = 0;
  protocolErrors = 0;
  /** When a message, and when anything at all, was last heard. */
  #messageAt: number;
  #heardAt: number;
  #pingAt: number;
  #stalledSince = 0;
  #stalledBytes = 0;
  readonly #stream: Duplex;
  #isCorked = false;

  /** `stream` is what the WebSocket writes to. */
  constructor(socket: WebSocket, stream: Duplex, address: ClientAddress, now: number) {
    this.socket = socket;
    this.#stream = stream;
    this.address = address;
    this.#messageAt = this.#heardAt = this.#pingAt = now;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.#cork();
    this.socket.send(text);
    const waiting = this.socket.bufferedAmount;
    // Whoever does not read gets nothing new to answer: replies stop piling up, notices are bounded by the cut below.
    if (waiting > MAX_BUFFER_BYTES) this.socket.terminate();
    else if (waiting > PAUSE_BUFFER_BYTES) this.socket.pause();
  }

  onMessage(now: number): void {
    this.#messageAt = this.#heardAt = now;
  }

  onPong(now: number): void {
    this.#heardAt = now;
  }

  /** To be called every second or so: pings, resumes and cuts off. */
  tend(now: number): void {
    const waiting = this.socket.bufferedAmount;
    if (waiting > PAUSE_BUFFER_BYTES) {
      this.#tendSlow(waiting, now);
      return;
    }
    this.#stalledSince = 0;
    if (this.socket.isPaused) this.socket.resume();
    if (now - this.#heardAt > DEAD_MS) this.socket.terminate();
    else if (now - this.#messageAt > IDLE_MS) this.socket.close(1000, "Idle");
    else if (now - this.#pingAt >= PING_MS) {
      this.#pingAt = now;
      this.socket.ping();
    }
  }

  #tendSlow(waiting: number, now: number): void {
    if (this.#stalledSince === 0 || waiting < this.#stalledBytes) this.#stalledSince = now;
    this.#stalledBytes = waiting;
    // Paused, so its pongs are unread and prove nothing: only bytes that leave do.
    this.#heardAt = now;
    if (now - this.#stalledSince > STALLED_MS) this.socket.terminate();
  }

  /** Several replies in one turn leave in one write: the system call is the dearest part of an answer. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#stream.uncork();
    });
  }
}
