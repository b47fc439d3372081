import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { MAX_MESSAGE_BYTES, PEER_SUBPROTOCOL, WebSocketConnection, type Connection } from "@shoal/peer-core/platform";
import { WebSocketServer, type WebSocket } from "ws";
import { clientAddress } from "./client-address.js";
import { DEFAULT_PEER_LIMITS, PeerAdmission, type PeerLimits, type PeerTicket } from "./peer-admission.js";
import { refuseUpgrade } from "./refuse-upgrade.js";

/** Our peers never fragment; proxies may a little. */
const MAX_FRAGMENTS = 16;

/** A peer that dials speaks first (BEP 3): who has said nothing by then is not one. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Length of a BitTorrent handshake (BEP 3). */
const HANDSHAKE_BYTES = 68;

/** Finds machines that are gone without a word, below what the peers' own keep-alives notice. */
const TCP_KEEP_ALIVE_MS = 20_000;

export interface PeerAcceptorOptions {
  readonly onConnection: (connection: Connection) => void;
  readonly limits?: Partial<PeerLimits> | undefined;
  readonly handshakeTimeoutMs?: number | undefined;
  /** Believe `X-Forwarded-For` of whoever connects; a proxy on this machine is always believed. */
  readonly trustProxy?: boolean | undefined;
}

/** Takes in peers that open a WebSocket at a path ending in "/peer" of somebody's HTTP server. */
export class PeerAcceptor {
  readonly #options: PeerAcceptorOptions;
  readonly #admission: PeerAdmission;
  readonly #server: WebSocketServer;
  readonly #open = new Map<WebSocket, Connection>();
  #whenEmpty: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PeerAcceptorOptions) {
    this.#options = options;
    this.#admission = new PeerAdmission({ ...DEFAULT_PEER_LIMITS, ...options.limits }, () => performance.now());
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      maxFragments: MAX_FRAGMENTS,
      handleProtocols: (offered) => (offered.has(PEER_SUBPROTOCOL) ? PEER_SUBPROTOCOL : false),
    });
  }

  /** Links open now, those of them that have not sent a handshake, and upgrades refused so far. */
  get counts(): PeerAdmission["counts"] {
    return this.#admission.counts;
  }

  /** True when `handleUpgrade` is for this request. */
  static handles(request: IncomingMessage): boolean {
    return /^[^?#]*\/peer(?:[?#]|$)/.test(request.url ?? "");
  }

  /** The listener for an HTTP server's "upgrade" event: answers every request, with a link or with a refusal. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket without an error listener takes the process with it when its peer resets.
    socket.on("error", () => socket.destroy());
    if (!PeerAcceptor.handles(request)) {
      refuseUpgrade(socket, 404, "Peers connect at /peer");
      return;
    }
    if (this.#isClosed) {
      refuseUpgrade(socket, 503, "This peer is shutting down");
      return;
    }
    const client = clientAddress(request, this.#options.trustProxy ?? false);
    const ticket = this.#admission.admit(client);
    if (typeof ticket === "string") {
      refuseUpgrade(socket, 503, ticket);
      return;
    }
    socket.once("close", ticket.release);
    request.socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#onOpen(webSocket, ticket, client.address);
    });
  }

  /** Refuses whoever comes, closes all links with 4006 and resolves when they are gone: within 5 s. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#open.values()) connection.close(4006, "Shutting down");
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenEmpty = resolve));
  }

  #onOpen(webSocket: WebSocket, ticket: PeerTicket, remoteAddress: string): void {
    const connection = new WebSocketConnection(webSocket, { label: remoteAddress, remoteAddress });
    this.#open.set(webSocket, connection);
    webSocket.once("close", () => {
      this.#open.delete(webSocket);
      if (this.#open.size === 0) this.#whenEmpty?.();
    });
    this.#awaitHandshake(webSocket, connection, ticket);
    this.#options.onConnection(connection);
  }

  #awaitHandshake(webSocket: WebSocket, connection: Connection, ticket: PeerTicket): void {
    let bytes = 0;
    const timer = setTimeout(
      () => connection.close(4005, "No handshake"),
      this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    );
    const onMessage = (data: Buffer): void => {
      bytes += data.length;
      if (bytes < HANDSHAKE_BYTES) return;
      ticket.handshaken();
      stop();
    };
    const stop = (): void => {
      clearTimeout(timer);
      webSocket.off("message", onMessage);
      webSocket.off("close", stop);
    };
    webSocket.on("message", onMessage);
    webSocket.on("close", stop);
  }
}
