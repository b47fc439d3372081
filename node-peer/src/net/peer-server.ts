import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ShoalError } from "@shoal/peer-core/torrent";
import { AcceptedLinks, type AcceptedLinksOptions } from "./accepted-links.js";
import { limitSockets } from "./limit-sockets.js";
import { splitPort } from "./split-port.js";
import { acceptTcpPeer } from "./tcp-acceptor.js";
import { WebSocketAcceptor } from "./ws-acceptor.js";

/** Who has not asked for a link by then, in whatever language, is cut off. */
const ASKING_TIMEOUT_MS = 10_000;

export interface PeerServerOptions extends AcceptedLinksOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; all of them when left out. */
  readonly host?: string | undefined;
  /** Believe `X-Forwarded-For` of whoever connects; a proxy on this machine is always believed. */
  readonly trustProxy?: boolean | undefined;
}

export interface PeerServer {
  readonly port: number;
  /** Links open now, those of them that have not sent a handshake, and links refused so far. */
  readonly counts: AcceptedLinks["counts"];
  /** Closes all links and stops listening. */
  close(): Promise<void>;
}

/**
 * Listens for peers, over WebSocket and plain TCP on the same port, and nothing else. Rejects with
 * ShoalError("connection") when the port cannot be had.
 */
export async function listenForPeers(options: PeerServerOptions): Promise<PeerServer> {
  const links = new AcceptedLinks(options);
  const http = createPeerHttpServer(new WebSocketAcceptor(links, options.trustProxy ?? false));
  const asking = new AskingSockets(options.handshakeTimeoutMs ?? ASKING_TIMEOUT_MS);
  http.on("upgrade", ({ socket }: IncomingMessage) => asking.release(socket));
  const server = createServer();
  // Behind a trusted proxy all sockets have its address.
  limitSockets(server, options.trustProxy === true ? { perAddress: Infinity } : {});
  const users = {
    onBitTorrent: (socket: Socket) => {
      asking.release(socket);
      acceptTcpPeer(socket, links);
    },
    onHttp: (socket: Socket) => void http.emit("connection", socket),
  };
  server.on("connection", (socket: Socket) => asking.add(socket));
  splitPort(server, users);
  const port = await listen(server, options.port, options.host);
  return {
    port,
    get counts() {
      return links.counts;
    },
    close: async () => {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await links.close();
      asking.destroyAll();
      await stopped;
    },
  };
}

/** Connections that have not asked for a link: Node's own time limits for HTTP hold only where such a server listens itself. */
class AskingSockets {
  readonly #timeoutMs: number;
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(socket: Socket): void {
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs);
    this.#timers.set(socket, timer);
    socket.once("close", () => this.release(socket));
  }

  release(socket: Socket): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
  }

  destroyAll(): void {
    for (const socket of [...this.#timers.keys()]) socket.destroy();
  }
}

/** Speaks HTTP on sockets that are handed to it; it listens nowhere itself. */
function createPeerHttpServer(acceptor: WebSocketAcceptor): HttpServer {
  const http = createHttpServer();
  http.on("request", (_request, response) => {
    response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Type": "text/plain; charset=utf-8" });
    response.end("This is a Shoal peer: it speaks BitTorrent over TCP, and over WebSocket at /peer\n");
  });
  http.on("upgrade", (request, socket, head) => acceptor.handleUpgrade(request, socket, head));
  return http;
}

function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen({ port, host }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, port: number): ShoalError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken: stop what listens there or choose another port`,
    EACCES: `Port ${port} may not be used by this user: choose one above 1023`,
    EADDRNOTAVAIL: "This machine does not have the address to listen on",
  };
  const message = reasons[error.code ?? ""] ?? `Cannot listen on port ${port}: ${error.message}`;
  return new ShoalError("connection", message, { cause: error });
}
