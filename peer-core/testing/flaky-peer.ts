import type { PeerId } from "../src/base/ids.js";
import { PeerSession, type SessionOwner } from "../src/peer/peer-session.js";
import type { ConnectionEvents } from "../src/ports/connection.js";
import type { Clock } from "../src/ports/runtime.js";
import { WireDecoder } from "../src/wire/decode.js";
import { encodeMessage } from "../src/wire/encode.js";
import { encodeHandshake } from "../src/wire/handshake.js";
import { BLOCK_MAX_BYTES } from "../src/wire/limits.js";
import type { WireMessage } from "../src/wire/messages.js";

type Sendable = Exclude<WireMessage, { type: "unknown" }>;
type Request = Extract<WireMessage, { type: "request" }>;

export interface FlakyPeerOptions {
  readonly clock: Clock;
  readonly owner: SessionOwner;
  readonly peerId: PeerId;
  readonly address: string;
  /** We dialled it. */
  readonly isOutbound: boolean;
  readonly supportsFast: boolean;
}

/**
 * The far end of a session with nothing in between: every message arrives within the call that sends it. Keeps what it
 * was asked for in `requests`; what it does about it is the test's business.
 */
export class FlakyPeer {
  readonly session: PeerSession;
  readonly requests: Request[] = [];
  onRequest: (request: Request) => void = (request) => this.requests.push(request);
  onCancel: (cancelled: { piece: number; begin: number; length: number }) => void = () => undefined;
  #events: ConnectionEvents | undefined;
  #isClosed = false;

  constructor(options: FlakyPeerOptions) {
    const decoder = new WireDecoder({
      onHandshake: () => undefined,
      onMessage: (message) => this.#onMessage(message),
      maxBlockBytes: () => BLOCK_MAX_BYTES,
    });
    this.session = new PeerSession({
      clock: options.clock,
      owner: options.isOutbound ? options.owner : undefined,
      route: () => options.owner,
      connection: {
        label: options.address,
        remoteAddress: options.address,
        queuedBytes: 0,
        drainBytes: 65_536,
        attach: (events) => (this.#events = events),
        send: (bytes) => decoder.push(bytes),
        close: () => (this.#isClosed = true),
      },
    });
    this.session.start();
    const { infoHash } = options.owner;
    const { peerId, supportsFast } = options;
    this.#push(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast }));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  say(message: Sendable): void {
    this.#push(encodeMessage(message));
  }

  /** The link is lost. */
  vanish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.onClosed({ code: 1006, message: "gone", remote: true });
  }

  #push(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#events?.onBytes(bytes);
  }

  #onMessage(message: WireMessage): void {
    if (message.type === "request") this.onRequest(message);
    if (message.type === "cancel") this.onCancel(message);
  }
}
