import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AnnounceMessage, TrackerRequest } from "@shoal/peer-core/announce";
import { encodeTrackerMessage, isShoalError, messageOf, parseRequest, ShoalError } from "@shoal/peer-core/announce";
import type { ClientAddress } from "./address.js";
import { ConnectionLimits } from "./connection-limits.js";
import {
  INTERVAL_SECONDS,
  MAX_BUFFERED_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PROTOCOL_ERRORS,
  PAUSE_BUFFER_BYTES,
} from "./limits.js";
import { endpointFor } from "./registered-peer.js";
import type { Tracker } from "./tracker.js";
import type { LineOwner } from "./websocket-line.js";
import { WebSocketLine } from "./websocket-line.js";
import { answerHandshake, refuseUpgrade } from "./websocket/handshake.js";

export interface WebSocketFrontendParts {
  readonly tracker: Tracker;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Default: as in `limits.ts`. */
  readonly maxSockets?: number;
}

/** WebTorrent's tracker protocol and our additions: reads messages, asks the tracker, writes replies. */
export class WebSocketFrontend implements LineOwner {
  readonly #tracker: Tracker;
  readonly #now: () => number;
  readonly #log: (line: string) => void;
  readonly #lines = new Map<Duplex, WebSocketLine>();
  readonly #listeners: StreamListeners;
  readonly #limits: ConnectionLimits;

  constructor({ tracker, now, log, maxSockets }: WebSocketFrontendParts) {
    this.#tracker = tracker;
    this.#now = now;
    this.#log = log;
    this.#limits = new ConnectionLimits(maxSockets);
    this.#listeners = streamListeners(this.#lines, (line) => this.#onClosed(line));
  }

  get socketCount(): number {
    return this.#lines.size;
  }

  /** Takes an upgrade over; false when there is no room, which it answers with an HTTP status. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, address: ClientAddress): boolean {
    if (!this.#limits.take(address, this.#now())) {
      return refuseUpgrade(socket, "429 Too Many Requests");
    }
    if (!answerHandshake(request, socket)) {
      this.#limits.release(address);
      return true;
    }
    this.#open(socket, head, address);
    return true;
  }

  /** To be called every second or so: pings, time limits, and the budget of bytes that wait for slow readers. */
  tend(): void {
    const now = this.now();
    let buffered = 0;
    const slow: WebSocketLine[] = [];
    for (const line of this.#lines.values()) {
      line.tend(now);
      if (line.bufferedBytes <= PAUSE_BUFFER_BYTES) continue;
      buffered += line.bufferedBytes;
      slow.push(line);
    }
    if (buffered <= MAX_BUFFERED_BYTES) return;
    slow.sort((a, b) => b.bufferedBytes - a.bufferedBytes);
    for (const line of slow) {
      if (buffered <= MAX_BUFFERED_BYTES) return;
      buffered -= line.bufferedBytes;
      line.terminate();
    }
  }

  /** Closes every socket with "going away"; those that do not answer are cut off after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const cut = setTimeout(() => {
      for (const line of this.#lines.values()) line.terminate();
    }, graceMs);
    const closing = [...this.#lines].map(([stream, line]) => {
      const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
      line.close(1001, "Tracker is shutting down");
      return closed;
    });
    await Promise.all(closing);
    clearTimeout(cut);
  }

  now(): number {
    return Math.floor(this.#now());
  }

  onMessage(line: WebSocketLine, utf8: Buffer): void {
    try {
      const request = parseRequest(utf8.toString("utf8"));
      if (request.type !== "have" && utf8.length > MAX_MESSAGE_BYTES) {
        throw new ShoalError("wire", `A message has at most ${MAX_MESSAGE_BYTES} bytes`);
      }
      this.#handle(line, request);
    } catch (error) {
      this.#onError(line, error);
    }
  }

  #open(stream: Duplex, head: Buffer, address: ClientAddress): void {
    // The other side's end is the end: nothing that we could still say is worth a half-open socket.
    stream.allowHalfOpen = false;
    if (stream instanceof Socket) stream.setTimeout(0).setNoDelay();
    const line = new WebSocketLine(this, stream, address);
    this.#lines.set(stream, line);
    if (head.length > 0) line.onBytes(head);
    stream.on("data", this.#listeners.data).on("error", this.#listeners.error).on("close", this.#listeners.close);
  }

  #onClosed(line: WebSocketLine): void {
    this.#limits.release(line.address);
    this.#tracker.leave(line);
  }

  #onError(line: WebSocketLine, error: unknown): void {
    if (!isShoalError(error)) {
      // Ours, not theirs: the one line goes, the tracker stays.
      this.#log(`A message could not be handled: ${messageOf(error)}`);
      line.close(1011, "The tracker could not do this");
      return;
    }
    line.send(
      encodeTrackerMessage({ type: "failure", reason: messageOf(error), action: "announce", infoHash: undefined }),
    );
    if (++line.protocolErrors >= MAX_PROTOCOL_ERRORS) line.close(1002, "Too many malformed messages");
  }

  #handle(line: WebSocketLine, request: TrackerRequest): void {
    switch (request.type) {
      case "announce": {
        this.#announce(line, request);
        return;
      }
      case "answer": {
        this.#tracker.answer(line, request);
        return;
      }
      case "have": {
        this.#tracker.have(line, request);
        return;
      }
      case "scrape": {
        line.send(encodeTrackerMessage({ type: "scrape", files: this.#tracker.scrape(request.infoHashes) }));
        return;
      }
      case "ping": {
        line.send(encodeTrackerMessage(request));
        return;
      }
    }
  }

  #announce(line: WebSocketLine, request: AnnounceMessage): void {
    const { infoHash } = request;
    const reply = this.#tracker.announce(line, request);
    if (reply === undefined) {
      line.send(encodeTrackerMessage({ type: "failure", reason: "Too many swarms", action: "announce", infoHash }));
      return;
    }
    const { complete, incomplete, relays } = reply;
    const peers = [];
    for (const peer of reply.peers) {
      const endpoint = endpointFor(peer, line.address);
      if (endpoint !== undefined) peers.push({ peerId: peer.peerId, endpoint });
    }
    line.send(
      encodeTrackerMessage({
        type: "announce",
        infoHash,
        intervalSeconds: INTERVAL_SECONDS,
        complete,
        incomplete,
        peers,
        relays,
      }),
    );
  }
}

interface StreamListeners {
  readonly data: (this: Duplex, bytes: Buffer) => void;
  readonly error: () => void;
  readonly close: (this: Duplex) => void;
}

/** The same listeners for every stream: closures of its own would cost each idle socket 0.3 KB. */
function streamListeners(lines: Map<Duplex, WebSocketLine>, onClosed: (line: WebSocketLine) => void): StreamListeners {
  return {
    data(bytes) {
      lines.get(this)?.onBytes(bytes);
    },
    // "close" follows, and says all.
    error: () => undefined,
    close() {
      const line = lines.get(this);
      lines.delete(this);
      if (line !== undefined) onClosed(line);
    },
  };
}
