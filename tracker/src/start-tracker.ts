import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ShoalError } from "@shoal/peer-core/announce";
import { createTracker } from "./create-tracker.js";
import type { TrackerOptions } from "./tracker-options.js";
import { HttpError, replyError } from "./http-reply.js";
import { limitServer, SERVER_OPTIONS } from "./limit-server.js";
import { refuseUpgrade } from "./websocket/handshake.js";

export interface ListenOptions extends TrackerOptions {
  /** Address to listen on; default: all, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface RunningTracker {
  readonly port: number;
  close(): Promise<void>;
}

/** Runs a tracker alone. Rejects with ShoalError("connection") when the port is taken or may not be used. */
export async function startTracker(options: ListenOptions): Promise<RunningTracker> {
  const server = createServer(SERVER_OPTIONS);
  limitServer(server);
  await listen(server, options);
  const tracker = createTracker(options);
  server.on("request", (request, response) => {
    if (!tracker.handleRequest(request, response)) {
      replyError(request, response, new HttpError(404, "not-found", "This is a tracker: nothing here by that name"));
    }
  });
  server.on("upgrade", (request, socket, head) => {
    if (!tracker.handleUpgrade(request, socket, head)) refuseUpgrade(socket, "404 Not Found");
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await tracker.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(cause: NodeJS.ErrnoException, port: number): ShoalError {
  const reason =
    cause.code === "EADDRINUSE"
      ? `Port ${port} is taken: stop what uses it or choose another port`
      : `Cannot listen on port ${port}: ${cause.message}`;
  return new ShoalError("connection", reason, { cause });
}
