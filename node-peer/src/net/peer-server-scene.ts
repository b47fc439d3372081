import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { CloseReason, Connection } from "@shoal/peer-core/platform";
import { WebSocket, type ClientOptions } from "ws";
import { listenForPeers, type PeerServer, type PeerServerOptions } from "./peer-server.js";

/** As many bytes as a handshake has. */
export const HANDSHAKE = new Uint8Array(68);

/** What a peer that speaks plain BitTorrent says first. */
export const BITTORRENT = Buffer.from("\x13BitTorrent protocol".padEnd(68, "x"), "latin1");

/** A server of a test on this machine, what it has accepted, each as `take` makes it, and sockets that come to it. */
export function peerServerScene<Taken>(take: (connection: Connection) => Taken) {
  let server: PeerServer | undefined;
  const accepted: Taken[] = [];
  const sockets: (WebSocket | Socket)[] = [];

  async function start(options: Partial<PeerServerOptions> = {}): Promise<PeerServer> {
    const onConnection = (connection: Connection): void => void accepted.push(take(connection));
    server = await listenForPeers({ port: 0, host: "127.0.0.1", onConnection, ...options });
    return server;
  }

  function dial(port: number, options: ClientOptions = {}, path = "/peer", protocols: string[] = []): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  }

  async function openTcp(port: number): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
    await once(socket, "connect");
    return socket;
  }

  async function open(port: number, options?: ClientOptions, path?: string, protocols?: string[]): Promise<WebSocket> {
    const socket = dial(port, options, path, protocols);
    await once(socket, "open");
    return socket;
  }

  /** The HTTP status of a refused upgrade. */
  async function refusal(port: number, options?: ClientOptions, path?: string): Promise<number | undefined> {
    const socket = dial(port, options, path);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }];
    return response.statusCode;
  }

  /** Ends the server and all sockets to it; another may be started. */
  async function close(): Promise<void> {
    for (const socket of sockets.splice(0)) {
      if (socket instanceof WebSocket) socket.terminate();
      else socket.destroy();
    }
    await server?.close();
    server = undefined;
    accepted.splice(0);
  }

  return { accepted, sockets, start, open, openTcp, refusal, close };
}

/** How the server closes a WebSocket. */
export async function closeOf(socket: WebSocket): Promise<Pick<CloseReason, "code" | "message">> {
  const [code, message] = (await once(socket, "close")) as [number, Buffer];
  return { code, message: message.toString() };
}

/** Lets the event loop turn until `holds` does; the runner's time limit ends it. */
export async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
