import WebSocket from "isomorphic-ws";
import { ShoalError, messageOf } from "../src/base/errors.js";
import type { Clock, Timer } from "../src/ports/runtime.js";
import { openingOptions, type SocketOpeners } from "./open-websocket.js";

/** Replies have some KiB; this leaves room for any tracker's and none for mischief. */
const MAX_REPLY_BYTES = 1024 * 1024;
/** Proxies drop lines that are silent for 60 s; a browser cannot send WebSocket pings, so the protocol has its own. */
const PING_MS = 25_000;
/** A line on which nothing was heard for so long is dead. */
const DEAD_MS = 60_000;

const PING = '{"action":"ping"}';

export interface TrackerLineEvents {
  onText(text: string): void;
  /** Exactly once, last: why the line could not be opened, or was lost. Not after `close`. */
  onClosed(error: ShoalError): void;
}

export interface TrackerLineTools {
  readonly clock: Clock;
  readonly openers: SocketOpeners;
}

/** A line to a tracker. */
export interface TrackerLine {
  /** IP address of the tracker, where the platform tells it. */
  readonly address: string | undefined;
  /** When something was last heard, in the clock's milliseconds. */
  readonly heardAt: number;
  /** What is sent before it is open waits for that. */
  send(text: string): void;
  /** Notes an answer to a ping; true when one was due. */
  onPingAnswered(): boolean;
  /** Gives the line up: `onClosed` is told `error` at once. */
  fail(error: ShoalError): void;
  /** Closes after what was sent has left; silently, resolves when the other side has closed too or `timeoutMs` are over. */
  close(timeoutMs: number): Promise<void>;
}

/** One WebSocket to a tracker. */
export class WebSocketTrackerLine implements TrackerLine {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #events: TrackerLineEvents;
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  #waiting: string[] = [];
  #state: "opening" | "open" | "closed" = "opening";
  #cause: unknown = undefined;
  #address: string | undefined = undefined;
  #heardAt: number;
  #ping: Timer | undefined = undefined;
  #hasPinged = false;
  /** Pings not answered yet. */
  #pings = 0;
  /** Trackers other than ours may not know pings: their silence proves nothing. */
  #knowsPings = false;

  /** Starts to open it. Throws what the platform throws for a URL that it refuses. */
  constructor(url: string, { clock, openers }: TrackerLineTools, events: TrackerLineEvents) {
    this.#url = url;
    this.#clock = clock;
    this.#events = events;
    this.#heardAt = clock.now();
    this.#socket = openSocket(url, openers);
    this.#closed = new Promise((resolve) => {
      this.#socket.onclose = (event) => {
        resolve();
        this.#end(this.#closeError(event.code));
      };
    });
    this.#socket.onopen = () => this.#onOpen();
    // `ws` alone has this event; a browser's socket has no way to tell.
    if ("on" in this.#socket) {
      this.#socket.on("upgrade", (response) => (this.#address = response.socket.remoteAddress));
    }
    this.#socket.onmessage = ({ data }) => this.#onMessage(data);
    // Stays on: `ws` reports here what a browser keeps to itself, and throws when nobody listens.
    this.#socket.onerror = (event) => (this.#cause = (event as { error?: unknown }).error);
  }

  get address(): string | undefined {
    return this.#address;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  send(text: string): void {
    if (this.#state === "opening") this.#waiting.push(text);
    else if (this.#state === "open") this.#socket.send(text);
  }

  onPingAnswered(): boolean {
    if (this.#pings === 0) return false;
    this.#pings--;
    this.#knowsPings = true;
    return true;
  }

  fail(error: ShoalError): void {
    this.#drop();
    this.#end(error);
  }

  async close(timeoutMs: number): Promise<void> {
    const wasOpening = this.#state === "opening";
    this.#stop();
    if (wasOpening) {
      this.#drop();
      return;
    }
    this.#socket.close(1000);
    let limit: Timer | undefined;
    const timeout = new Promise<void>((resolve) => (limit = this.#clock.schedule(timeoutMs, resolve)));
    await Promise.race([this.#closed, timeout]);
    limit?.cancel();
    this.#drop();
  }

  #onOpen(): void {
    if (this.#state !== "opening") return;
    this.#state = "open";
    this.#heardAt = this.#clock.now();
    for (const text of this.#waiting) this.#socket.send(text);
    this.#waiting = [];
    this.#schedulePing();
  }

  #onMessage(data: unknown): void {
    if (this.#state !== "open") return;
    this.#heardAt = this.#clock.now();
    const text = textOf(data);
    if (text !== undefined) this.#events.onText(text);
    // Whether it knows pings has to be known before the line falls silent; asked together with the first request, its
    // complaint about either could not be told from one about the other.
    if (!this.#hasPinged) this.#sendPing();
  }

  #schedulePing(): void {
    const untilDead = this.#heardAt + DEAD_MS - this.#clock.now();
    const delayMs = this.#knowsPings ? Math.min(PING_MS, Math.max(0, untilDead)) : PING_MS;
    this.#ping = this.#clock.schedule(delayMs, () => {
      const silentMs = this.#clock.now() - this.#heardAt;
      if (this.#knowsPings && silentMs >= DEAD_MS) {
        this.fail(
          new ShoalError("tracker", `Lost the line to ${this.#url}: silent for ${Math.round(silentMs / 1000)} s`),
        );
        return;
      }
      this.#sendPing();
      this.#schedulePing();
    });
  }

  #sendPing(): void {
    this.#hasPinged = true;
    this.#pings++;
    this.send(PING);
  }

  #closeError(code: number): ShoalError {
    const cause = this.#cause;
    const wasOpen = this.#state === "open";
    const detail = reasonOf(cause) ?? (wasOpen ? `closed with code ${code}` : "refused or unreachable");
    const message = wasOpen ? `Lost the line to ${this.#url}: ${detail}` : `Cannot reach ${this.#url}: ${detail}`;
    return new ShoalError("tracker", message, { cause });
  }

  #end(error: ShoalError): void {
    if (this.#state === "closed") return;
    this.#stop();
    this.#events.onClosed(error);
  }

  #stop(): void {
    this.#state = "closed";
    this.#waiting = [];
    this.#ping?.cancel();
  }

  #drop(): void {
    // Only `ws` can drop a line at once; a browser closes politely.
    if ("terminate" in this.#socket) this.#socket.terminate();
    else (this.#socket as { close(): void }).close();
  }
}

function openSocket(url: string, openers: SocketOpeners): WebSocket {
  // The types are those of `ws`; in a browser the same name is the browser's own, which takes no options.
  const isNode = "terminate" in (WebSocket.prototype as object);
  const options = {
    perMessageDeflate: false,
    maxPayload: MAX_REPLY_BYTES,
    followRedirects: false,
    ...openingOptions(url, openers),
  };
  return isNode ? new WebSocket(url, options) : new WebSocket(url);
}

function textOf(data: unknown): string | undefined {
  if (typeof data === "string") return data;
  // Some trackers answer in binary frames.
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) return new TextDecoder().decode(data);
  return undefined;
}

function reasonOf(cause: unknown): string | undefined {
  const message = cause === undefined ? "" : messageOf(cause);
  if (message !== "") return message;
  // Node's error for a name with several addresses has a code and no text.
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}
