import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { HEADERS_TIMEOUT_MS, MAX_SILENT_CONNECTIONS, MAX_SOCKETS, REQUEST_TIMEOUT_MS } from "./limits.js";

/** How often Node looks for requests that are late: the precision of the time limits. */
const CHECK_MS = 1_000;
const KEEP_ALIVE_MS = 5_000;

/**
 * Puts the limits on an HTTP server that keep slow and silent connections from filling it up: time for headers and for a
 * request, connections in all, and connections that have not asked for anything yet, of which the oldest makes room.
 * Returns what is to be told of a connection that has asked for something else than HTTP.
 */
export function limitServer(server: Server): (socket: Socket) => void {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MAX_SOCKETS + MAX_SILENT_CONNECTIONS;
  server.maxHeadersCount = 64;
  const silent = new Set<Duplex>();
  // One function for all: a closure of its own, and what `once` wraps around it, would cost every open socket 0.3 KB.
  const forget = function (this: Duplex): void {
    silent.delete(this);
  };
  server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.on("close", forget);
    if (silent.size <= MAX_SILENT_CONNECTIONS) return;
    const [oldest] = silent;
    oldest?.destroy();
    if (oldest !== undefined) silent.delete(oldest);
  });
  const hasSpoken = (socket: Socket): void => {
    if (silent.delete(socket)) socket.off("close", forget);
  };
  server.on("request", ({ socket }: IncomingMessage) => hasSpoken(socket));
  server.on("upgrade", ({ socket }: IncomingMessage) => hasSpoken(socket));
  return hasSpoken;
}

/** To be passed to `createServer`: what cannot be set afterwards. */
export const SERVER_OPTIONS = { connectionsCheckingInterval: CHECK_MS } as const;
