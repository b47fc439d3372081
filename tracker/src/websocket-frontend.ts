import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AnnounceMessage, TrackerRequest } from "@shoal/peer-core/announce";
import { encodeTrackerMessage, isShoalError, messageOf, parseRequest, ShoalError } from "@shoal/peer-core/announce";
import type { RawData } from "ws";
import { WebSocketServer } from "ws";
import type { ClientAddress } from "./address.js";
import { ConnectionLimits } from "./connection-limits.js";
import {
  INTERVAL_SECONDS,
  MAX_BUFFERED_BYTES,
  MAX_FRAGMENTS,
  MAX_HAVE_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PROTOCOL_ERRORS,
  PAUSE_BUFFER_BYTES,
} from "./limits.js";
import { endpointFor } from "./registered-peer.js";
import type { Tracker } from "./tracker.js";
import { WebSocketLine } from "./websocket-line.js";

export interface WebSocketFrontendParts {
  readonly tracker: Tracker;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Default: as in `limits.ts`. */
  readonly maxSockets?: number;
}

/** WebTorrent's tracker protocol and our additions: reads messages, asks the tracker, writes replies. */
export class WebSocketFrontend {
  readonly #tracker: Tracker;
  readonly #now: () => number;
  readonly #log: (line: string) => void;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_HAVE_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
  });
  readonly #lines = new Set<WebSocketLine>();
  readonly #limits: ConnectionLimits;

  constructor({ tracker, now, log, maxSockets }: WebSocketFrontendParts) {
    this.#tracker = tracker;
    this.#now = now;
    this.#log = log;
    this.#limits = new ConnectionLimits(maxSockets);
  }

  get socketCount(): number {
    return this.#lines.size;
  }

  /** Takes an upgrade over; false when there is no room, which it answers with an HTTP status. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, address: ClientAddress): boolean {
    if (!this.#limits.take(address, this.#now())) {
      socket.end("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return false;
    }
    // Also covers handshakes that fail: the socket closes in every case.
    socket.once("close", () => this.#limits.release(address));
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      const line = new WebSocketLine(opened, socket, address, this.#now());
      this.#lines.add(line);
      opened.on("message", (data) => this.#onMessage(line, data));
      opened.on("pong", () => line.onPong(this.#now()));
      opened.on("close", () => {
        this.#lines.delete(line);
        this.#tracker.leave(line);
      });
      // `ws` reports broken frames here and closes the socket itself.
      opened.on("error", () => undefined);
    });
    return true;
  }

  /** To be called every second or so: pings, time limits, and the budget of bytes that wait for slow readers. */
  tend(): void {
    const now = this.#now();
    let buffered = 0;
    const slow: WebSocketLine[] = [];
    for (const line of this.#lines) {
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
      line.socket.terminate();
    }
  }

  /** Closes every socket with "going away"; those that do not answer are cut off after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closing = [...this.#lines].map((line) => {
      return new Promise<void>((resolve) => {
        line.socket.once("close", () => resolve());
        line.socket.close(1001, "Tracker is shutting down");
      });
    });
    const cut = setTimeout(() => {
      for (const line of this.#lines) line.socket.terminate();
    }, graceMs);
    await Promise.all(closing);
    clearTimeout(cut);
    this.#server.close();
  }

  #onMessage(line: WebSocketLine, data: RawData): void {
    line.onMessage(this.#now());
    try {
      // WebTorrent's client in Node sends its JSON in binary frames.
      const text = textOf(data);
      const request = parseRequest(text);
      if (request.type !== "have" && text.length > MAX_MESSAGE_BYTES) {
        throw new ShoalError("wire", `A message has at most ${MAX_MESSAGE_BYTES} bytes`);
      }
      this.#handle(line, request);
    } catch (error) {
      this.#onError(line, error);
    }
  }

  #onError(line: WebSocketLine, error: unknown): void {
    if (!isShoalError(error)) {
      // Ours, not theirs: the one line goes, the tracker stays.
      this.#log(`A message could not be handled: ${messageOf(error)}`);
      line.socket.close(1011, "The tracker could not do this");
      return;
    }
    line.send(
      encodeTrackerMessage({ type: "failure", reason: messageOf(error), action: "announce", infoHash: undefined }),
    );
    if (++line.protocolErrors >= MAX_PROTOCOL_ERRORS) line.socket.close(1002, "Too many malformed messages");
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

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString("utf8");
}
