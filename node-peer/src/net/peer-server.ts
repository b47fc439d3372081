import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ShoalError } from "@shoal/peer-core/torrent";
import { AcceptedLinks, type AcceptedLinksOptions } from "./accepted-links.js";
import { limitSockets } from "./limit-sockets.js";
import { splitPort } from "./split-port.js";
import { acceptTcpPeer } from "./tcp-acceptor.js";
import { WebSocketAcceptor } from "./ws-acceptor.js";

/** Slow senders of headers are cut off, and looked for often enough that the limit means something. */
const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 2_000;

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
  const server = createServer();
  // Behind a trusted proxy all sockets have its address.
  limitSockets(server, options.trustProxy === true ? { perAddress: Infinity } : {});
  const users = {
    onBitTorrent: (socket: Socket) => acceptTcpPeer(socket, links),
    onHttp: (socket: Socket) => void http.emit("connection", socket),
  };
  splitPort(server, users, options.handshakeTimeoutMs ?? HEADERS_TIMEOUT_MS);
  const port = await listen(server, options.port, options.host);
  return {
    port,
    get counts() {
      return links.counts;
    },
    close: async () => {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await links.close();
      http.close();
      http.closeAllConnections();
      await stopped;
    },
  };
}

/** Speaks HTTP on sockets that are handed to it; it listens nowhere itself. */
function createPeerHttpServer(acceptor: WebSocketAcceptor): HttpServer {
  const http = createHttpServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
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
