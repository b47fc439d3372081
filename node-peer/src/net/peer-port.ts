import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AcceptedLinks, type AcceptedLinksOptions } from "./accepted-links.js";
import { AskingSockets } from "./asking-sockets.js";
import { splitPort } from "./split-port.js";
import { acceptTcpPeer } from "./tcp-acceptor.js";
import { WebSocketAcceptor } from "./ws-acceptor.js";

/** Who has not asked for anything by then, in whatever language, is cut off. */
const ASKING_TIMEOUT_MS = 10_000;

export interface PeerPortOptions extends AcceptedLinksOptions {
  /** Believe `X-Forwarded-For` of whoever connects; a proxy on this machine is always believed. */
  readonly trustProxy?: boolean | undefined;
}

/**
 * Lets peers in at the port of an HTTP server, beside whatever it serves: over plain TCP, told by the first byte, and over
 * WebSocket, through `handleUpgrade`. What is neither HTTP nor BitTorrent is closed at once.
 */
export class PeerPort {
  readonly #links: AcceptedLinks;
  readonly #asking: AskingSockets;
  readonly #acceptor: WebSocketAcceptor;

  /** Before the server listens. `onPlainPeer` hears of connections that turned out to be no HTTP. */
  constructor(server: HttpServer, options: PeerPortOptions, onPlainPeer: (socket: Socket) => void = () => undefined) {
    this.#links = new AcceptedLinks(options);
    this.#asking = new AskingSockets(options.handshakeTimeoutMs ?? ASKING_TIMEOUT_MS);
    this.#acceptor = new WebSocketAcceptor(this.#links, options.trustProxy ?? false);
    server.on("upgrade", ({ socket }: IncomingMessage) => this.#asking.release(socket));
    server.on("request", ({ socket }: IncomingMessage) => this.#asking.release(socket));
    this.#takeOver(server, onPlainPeer);
  }

  /** Links open now, those of them that have not sent a handshake, and links refused so far. */
  get counts(): AcceptedLinks["counts"] {
    return this.#links.counts;
  }

  /** Takes upgrades of paths that end in /peer, with a link or a refusal; false, and untouched, for others. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!WebSocketAcceptor.handles(request)) return false;
    this.#acceptor.handleUpgrade(request, socket, head);
    return true;
  }

  /** Refuses whoever comes, closes all links and cuts off who has not asked for anything. The server stays its owner's. */
  async close(): Promise<void> {
    await this.#links.close();
    this.#asking.destroyAll();
  }

  /** Comes before the server's own listener for connections, which is the first it got. */
  #takeOver(server: HttpServer, onPlainPeer: (socket: Socket) => void): void {
    const [serveHttp] = server.listeners("connection") as ((socket: Socket) => void)[];
    if (serveHttp !== undefined) server.off("connection", serveHttp);
    server.on("connection", (socket: Socket) => {
      // HTTP wants sockets half open; peers, and who has said nothing, are gone when they say that they are.
      socket.allowHalfOpen = false;
      this.#asking.add(socket);
    });
    splitPort(server, {
      onBitTorrent: (socket) => {
        this.#asking.release(socket);
        onPlainPeer(socket);
        acceptTcpPeer(socket, this.#links);
      },
      onHttp: (socket) => {
        socket.allowHalfOpen = true;
        serveHttp?.call(server, socket);
      },
    });
  }
}
