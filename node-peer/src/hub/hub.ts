import { messageOf, ShoalError } from "@shoal/peer-core";
import { limitServer, refuseUpgrade, SERVER_OPTIONS, type MountedTracker } from "@shoal/tracker";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { PageHandler } from "./hub-page.js";

/** Connections get this long to end by themselves when the hub stops. */
const CLOSE_MS = 2_000;

export interface HubOptions {
  readonly host: string | undefined;
  /** 0: a free one. */
  readonly port: number;
  readonly tracker: MountedTracker;
  readonly page: PageHandler;
  /** What `GET …/api/hub` tells the page about itself: JSON. */
  readonly describe: () => object;
}

export interface Hub {
  readonly port: number;
  /** Ends tracker and page; open connections are cut off after two seconds. */
  close(): Promise<void>;
}

/** Serves tracker and page on one port. Throws ShoalError("connection") when the port is taken or not allowed. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const server = createServer(SERVER_OPTIONS);
  limitServer(server);
  server.on("request", (request, response) => answer(request, response, options));
  server.on("upgrade", (request, socket, head) => {
    if (!options.tracker.handleUpgrade(request, socket, head)) refuseUpgrade(socket, "404 Not Found");
  });
  const port = await listen(server, options);
  return { port, close: () => close(server, options.tracker) };
}

function answer(request: IncomingMessage, response: ServerResponse, { tracker, page, describe }: HubOptions): void {
  const path = (request.url ?? "/").replace(/\?.*$/s, "");
  if (path.endsWith("/api/hub")) {
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Access-Control-Allow-Origin": "*",
      "Cache-Control": "no-cache",
    });
    response.end(JSON.stringify(describe()));
  } else if (!tracker.handleRequest(request, response)) {
    page(request, response);
  }
}

async function listen(server: Server, { host, port }: HubOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, host, port)));
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new ShoalError("connection", "The server has no port");
  return address.port;
}

function listenError(error: Error, host: string | undefined, port: number): ShoalError {
  const code = "code" in error ? error.code : undefined;
  const text =
    code === "EADDRINUSE"
      ? `Port ${port} is taken. Choose another with --port, or 0 for any free one.`
      : code === "EACCES"
        ? `Port ${port} is not allowed for this user. Choose one above 1023 with --port.`
        : `Cannot listen on ${host ?? "this machine"}, port ${port}: ${messageOf(error)}`;
  return new ShoalError("connection", text, { cause: error });
}

async function close(server: Server, tracker: MountedTracker): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await tracker.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
