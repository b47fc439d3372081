import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ShoalError } from "@shoal/peer-core/torrent";
import { limitSockets } from "./limit-sockets.js";
import { PeerAcceptor, type PeerAcceptorOptions } from "./ws-acceptor.js";

/** Slow senders of headers are cut off, and looked for often enough that the limit means something. */
const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 2_000;

export interface PeerServerOptions extends PeerAcceptorOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; all of them when left out. */
  readonly host?: string | undefined;
}

export interface PeerServer {
  readonly port: number;
  readonly acceptor: PeerAcceptor;
  /** Closes all links and stops listening. */
  close(): Promise<void>;
}

/** Listens for peers and nothing else. Rejects with ShoalError("connection") when the port cannot be had. */
export async function listenForPeers(options: PeerServerOptions): Promise<PeerServer> {
  const acceptor = new PeerAcceptor(options);
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  // Behind a trusted proxy all sockets have its address.
  limitSockets(server, options.trustProxy === true ? { perAddress: Infinity } : {});
  server.on("request", (_request, response) => {
    response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Type": "text/plain; charset=utf-8" });
    response.end("This is a Shoal peer: it speaks BitTorrent over WebSocket at /peer\n");
  });
  server.on("upgrade", (request, socket, head) => acceptor.handleUpgrade(request, socket, head));
  const port = await listen(server, options.port, options.host);
  return {
    port,
    acceptor,
    close: async () => {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await acceptor.close();
      server.closeAllConnections();
      await stopped;
    },
  };
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
