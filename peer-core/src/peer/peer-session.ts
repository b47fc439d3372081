import { isShoalError, ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId } from "../base/ids.js";
import { invariant } from "../base/invariant.js";
import { RateLimiter } from "../base/rate-limiter.js";
import { RateMeter } from "../base/rate-meter.js";
import type { CloseReason, Connection } from "../ports/connection.js";
import type { Clock, Timer } from "../ports/runtime.js";
import { WireDecoder, type BlockHeader } from "../wire/decode.js";
import { encodeMessage } from "../wire/encode.js";
import type { Farewell } from "../wire/extensions/close-message.js";
import { encodeHandshake, type Handshake } from "../wire/handshake.js";
import { CLOSE, DEAD_FOREIGN_MS, DEAD_MS, HANDSHAKE_TIMEOUT_MS, KEEP_ALIVE_MS } from "../wire/limits.js";
import type { WireMessage } from "../wire/messages.js";
import { decodeExtension, encodeExtension, type ExtensionMessage } from "./extension-codec.js";
import { Outbox } from "./outbox.js";
import { RemotePeer } from "./remote-peer.js";
import { RequestWindow, WEB_SEED_QUEUE_MS } from "./request-window.js";
import { UploadQueue } from "./upload-queue.js";

/** What a session hands to the swarm: plain messages but `extended`, and extension messages decoded. */
export type PeerMessage =
  | Exclude<WireMessage, { type: "extended" | "unknown" | "keep-alive" | "port" }>
  | Exclude<ExtensionMessage, { type: "close" }>;

/** The swarm, as a session sees it. Calls come in the order of the wire; `onClosed` is the last, and comes once `onOpen` did. */
export interface SessionOwner {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** Both handshakes are through. May close the session. */
  onOpen(session: PeerSession): void;
  /** Throws ShoalError("wire") for what breaks a rule: the session closes with 1002. Views are valid during the call only. */
  onMessage(session: PeerSession, message: PeerMessage): void;
  /** Memory for a block whose header has come; see WireSink. */
  landingFor?(session: PeerSession, header: BlockHeader): Uint8Array | undefined;
  /** All messages that came together have been handed over: the time to ask for more. */
  onBatch(session: PeerSession): void;
  onDrain(session: PeerSession): void;
  onClosed(session: PeerSession, reason: CloseReason): void;
}

type SessionState =
  | { readonly kind: "handshaking"; readonly timeout: Timer }
  | { readonly kind: "active"; readonly owner: SessionOwner }
  | { readonly kind: "closed" };

export interface SessionOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** The swarm for which we dialled; undefined for a link that came in. */
  readonly owner: SessionOwner | undefined;
  /** Finds the swarm that an incoming handshake asks for; undefined when there is none. */
  readonly route: (handshake: Handshake) => SessionOwner | undefined;
  /** Told when a session ends before it was open: the address did not lead to a peer. */
  readonly onFailed?: ((reason: CloseReason) => void) | undefined;
}

/** `dont-have`, `interested` and `not-interested` together; a second's worth may come at once. */
const FIDGETS_PER_SECOND = 1_000;

/**
 * Messages without content that a peer may send; a second's worth may come at once. More than the requests of the
 * fastest clients (16 KiB each at 500 MB/s) and the `have`s of a fast peer together, and a few per cent of a processor.
 */
const MESSAGES_PER_SECOND = 50_000;

/**
 * `have`s wait so long for each other and for requests: each message of its own costs both sides the waking of a thread
 * or two, in a browser half a millisecond, and a fast download tells every peer of 400 pieces a second.
 */
const UNHURRIED_MS = 20;

let sessionCount = 0;

/**
 * One link to one peer in one swarm: handshakes, framing, batching, keep-alive, and what both sides have said.
 * handshaking → active → closed.
 */
export class PeerSession {
  /** Distinguishes sessions of this process, also of the same peer. */
  readonly id = ++sessionCount;
  readonly inbound: boolean;
  readonly remote = new RemotePeer();
  readonly requests: RequestWindow;
  readonly uploads = new UploadQueue();
  readonly downMeter = new RateMeter();
  readonly upMeter = new RateMeter();
  amChoking = true;
  amInterested = false;
  /** When `amChoking` last changed. */
  chokedSince: number;
  /** Something has come that may let us ask for more: looked at, and taken back, once per delivery. */
  mayAsk = false;
  /** Changes of mind and losses that the peer may still tell: what exceeds it costs us more than it. */
  readonly fidgets = new RateLimiter(FIDGETS_PER_SECOND);

  readonly #options: SessionOptions;
  readonly #decoder: WireDecoder;
  readonly #messages = new RateLimiter(MESSAGES_PER_SECOND);
  #state: SessionState;
  #peerId: PeerId | undefined;
  #openedAt: number | undefined;
  /** Why the peer is about to close, in its own words. */
  #farewell: Farewell | undefined;
  readonly #outbox = new Outbox((bytes) => this.#write(bytes));
  #unhurried: Timer | undefined;
  #lastSentAt: number;
  #lastReceivedAt: number;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.inbound = options.owner === undefined;
    this.requests = this.isWebSeed ? new RequestWindow(WEB_SEED_QUEUE_MS) : new RequestWindow();
    this.#lastSentAt = this.#lastReceivedAt = this.chokedSince = options.clock.now();
    this.#decoder = new WireDecoder({
      onHandshake: (handshake) => this.#onHandshake(handshake),
      onMessage: (message) => this.#onMessage(message),
      maxBlockBytes: () => this.requests.largestAsked,
      landingFor: (header) =>
        this.#state.kind === "active" ? this.#state.owner.landingFor?.(this, header) : undefined,
    });
    const timeout = options.clock.schedule(HANDSHAKE_TIMEOUT_MS, () =>
      this.close(CLOSE.protocolError, "no handshake in time"),
    );
    this.#state = { kind: "handshaking", timeout };
  }

  /** Begins to read, and on a dialled link to speak. */
  start(): void {
    this.#options.connection.attach({
      onBytes: (bytes) => this.#onBytes(bytes),
      roomForBytes: () => this.#decoder.room(),
      onDrain: () => this.#state.kind === "active" && this.#state.owner.onDrain(this),
      onClosed: (reason) => this.#onClosed(reason),
    });
    if (this.#options.owner !== undefined) this.#sendHandshake(this.#options.owner);
  }

  get label(): string {
    return this.#options.connection.label;
  }

  get address(): string | undefined {
    return this.#options.connection.remoteAddress;
  }

  /** See `Connection`. */
  get isWebSeed(): boolean {
    return this.#options.connection.isWebSeed === true;
  }

  get isActive(): boolean {
    return this.#state.kind === "active";
  }

  /** When both had shaken hands; undefined before. */
  get openedAt(): number | undefined {
    return this.#openedAt;
  }

  /** Known once both have shaken hands, and from then on; throws before. */
  get peerId(): PeerId {
    invariant(this.#peerId !== undefined, "the other side has not shaken hands yet");
    return this.#peerId;
  }

  /** Bytes that have been handed over and have not left the process. */
  get queuedBytes(): number {
    return this.#outbox.bytes + this.#options.connection.queuedBytes;
  }

  /** Queues a message; all that is queued in one turn leaves as one write. */
  send(message: Exclude<WireMessage, { type: "unknown" | "extended" }>): void {
    this.#enqueue(encodeMessage(message));
  }

  /** Queues a message that may wait a moment for others. */
  sendSoon(message: Exclude<WireMessage, { type: "unknown" | "extended" }>): void {
    if (this.#state.kind !== "active") return;
    this.#outbox.addUnhurried(encodeMessage(message));
    this.#unhurried ??= this.#options.clock.schedule(UNHURRIED_MS, () => {
      this.#unhurried = undefined;
      this.#outbox.flush();
    });
  }

  /** Queues an extension's message; nothing happens when the peer does not speak it (BEP 10). */
  sendExtension(message: ExtensionMessage): void {
    const encoded = encodeExtension(message, this.remote.extensions);
    if (encoded !== undefined && this.remote.supportsExtensions) this.#enqueue(encodeMessage(encoded));
  }

  /** Sends a whole `piece` message at once; the buffer belongs to the link until `onSent` gives it back, if ever. */
  sendFrame(frame: Uint8Array, onSent?: (frame: Uint8Array) => void): void {
    this.#outbox.flush();
    if (this.#state.kind !== "active") return;
    this.#lastSentAt = this.#options.clock.now();
    this.#options.connection.send(frame, onSent);
  }

  /** To be called about once a second: sends keep-alives and closes a link on which nothing comes. */
  heartbeat(now: number): void {
    if (now - this.#lastSentAt >= KEEP_ALIVE_MS) this.send({ type: "keep-alive" });
    const deadMs = this.remote.blockMax === undefined ? DEAD_FOREIGN_MS : DEAD_MS;
    if (this.silentMs(now) >= deadMs) this.close(CLOSE.idle, `nothing heard for ${Math.round(deadMs / 1_000)} s`);
  }

  silentMs(now: number): number {
    return now - this.#lastReceivedAt;
  }

  /** Closes the link, with what is queued sent first. The owner hears of it at once. */
  close(code: number, message: string): void {
    if (this.#state.kind === "closed") return;
    // Not every transport carries it.
    this.sendExtension({ type: "close", farewell: { code, message } });
    this.#outbox.flush();
    this.#options.connection.close(code, message);
    this.#end({ code, message, remote: false });
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#state.kind === "closed") return;
    this.#lastReceivedAt = this.#options.clock.now();
    try {
      this.#decoder.push(bytes);
    } catch (error) {
      if (!isShoalError(error, "wire")) throw error;
      this.close(CLOSE.protocolError, error.message);
      return;
    }
    // The state may have changed while the bytes were decoded.
    const state = this.#state as SessionState;
    if (state.kind === "active") state.owner.onBatch(this);
  }

  #onHandshake(handshake: Handshake): void {
    if (this.#state.kind !== "handshaking") throw new ShoalError("wire", "A second handshake");
    const owner = this.#options.owner ?? this.#options.route(handshake);
    if (owner?.infoHash !== handshake.infoHash) return this.close(CLOSE.unknownInfoHash, "no such share here");
    // Who has dialled itself learns it from the answer: TCP carries no close codes.
    if (this.#options.owner === undefined) this.#sendHandshake(owner);
    if (handshake.peerId === owner.peerId) return this.close(CLOSE.self, "this is ourselves");
    this.#state.timeout.cancel();
    this.remote.onHandshake(handshake);
    this.#peerId = handshake.peerId;
    this.#openedAt = this.#options.clock.now();
    this.#state = { kind: "active", owner };
    owner.onOpen(this);
  }

  #onMessage(message: WireMessage): void {
    if (this.#state.kind !== "active") return;
    const { owner } = this.#state;
    // An empty block is how some say no: it is passed over, and counts as the message without content that it is.
    const isEmpty = message.type === "piece" && message.block.length === 0;
    if (message.type !== "piece" || isEmpty) this.#countMessage();
    if (isEmpty) return;
    switch (message.type) {
      case "keep-alive":
      case "unknown":
      case "port":
        return;
      case "extended": {
        const decoded = decodeExtension(message);
        if (decoded === undefined) return;
        if (decoded.type === "extended-handshake") this.remote.onExtendedHandshake(decoded.handshake);
        if (decoded.type === "upload-only") this.remote.onUploadOnly(decoded.isUploadOnly);
        if (decoded.type === "close") this.#farewell = decoded.farewell;
        else owner.onMessage(this, decoded);
        return;
      }
      default:
        owner.onMessage(this, message);
    }
  }

  #countMessage(): void {
    const now = this.#options.clock.now();
    if (this.#messages.available(now) <= 0) throw new ShoalError("wire", "Too many messages");
    this.#messages.spend(1, now);
  }

  #sendHandshake(owner: SessionOwner): void {
    const { infoHash, peerId } = owner;
    this.#options.connection.send(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true }));
  }

  #enqueue(bytes: Uint8Array): void {
    if (this.#state.kind === "active") this.#outbox.add(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#lastSentAt = this.#options.clock.now();
    this.#options.connection.send(bytes);
  }

  #onClosed(reason: CloseReason): void {
    if (this.#state.kind === "closed") return;
    const isUnexplained = reason.remote && (reason.code === CLOSE.done || reason.code === CLOSE.lost);
    this.#end(isUnexplained && this.#farewell !== undefined ? { ...this.#farewell, remote: true } : reason);
  }

  #end(reason: CloseReason): void {
    const before = this.#state;
    this.#state = { kind: "closed" };
    this.#decoder.stop();
    this.#unhurried?.cancel();
    this.#outbox.clear();
    if (before.kind === "handshaking") {
      before.timeout.cancel();
      this.#options.onFailed?.(reason);
    } else if (before.kind === "active") {
      before.owner.onClosed(this, reason);
    }
  }
}
