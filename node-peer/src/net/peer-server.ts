import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AcceptedLinks } from "./accepted-links.js";
import { limitSockets } from "./limit-sockets.js";
import { listenOn, type ListenPlace } from "./listen-on.js";
import { PeerPort, type PeerPortOptions } from "./peer-port.js";
import { refuseUpgrade } from "./refuse-upgrade.js";

export interface PeerServerOptions extends PeerPortOptions, ListenPlace {}

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
  const server = createServer();
  // Behind a trusted proxy all sockets have its address.
  limitSockets(server, options.trustProxy === true ? { perAddress: Infinity } : {});
  const peers = new PeerPort(server, options);
  server.on("request", explain);
  server.on("upgrade", (request, socket, head) => {
    if (!peers.handleUpgrade(request, socket, head)) refuseUpgrade(socket, 404, "Peers connect at /peer");
  });
  const port = await listenOn(server, options);
  return {
    port,
    get counts() {
      return peers.counts;
    },
    close: async () => {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await peers.close();
      await stopped;
    },
  };
}

function explain(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Type": "text/plain; charset=utf-8" });
  response.end("This is a Shoal peer: it speaks BitTorrent over TCP, and over WebSocket at /peer\n");
}
