import { limitServer, SERVER_OPTIONS, type MountedTracker } from "@shoal/tracker";
import { refuseUpgrade } from "@shoal/tracker/websocket";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listenOn, type ListenPlace } from "../net/listen-on.js";
import { PeerPort, type PeerPortOptions } from "../net/peer-port.js";
import type { PageHandler } from "./hub-page.js";

/** Connections get this long to end by themselves when the hub stops. */
const CLOSE_MS = 2_000;

export interface HubOptions extends ListenPlace {
  readonly tracker: MountedTracker;
  readonly page: PageHandler;
  /** What `GET …/api/hub` tells the page about itself: JSON. */
  readonly describe: () => object;
  /** Who takes the peers that come in at the same port; undefined: none are let in. */
  readonly peers: PeerPortOptions | undefined;
}

export interface Hub {
  readonly port: number;
  /** Links of peers; undefined when none are let in. */
  readonly links: PeerPort["counts"] | undefined;
  /** Ends tracker and page; open connections are cut off after two seconds. */
  close(): Promise<void>;
}

/** Serves tracker, page and peers on one port. Throws ShoalError("connection") when the port is taken or not allowed. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const server = createServer(SERVER_OPTIONS);
  const hasAsked = limitServer(server);
  const peers = options.peers === undefined ? undefined : new PeerPort(server, options.peers, hasAsked);
  server.on("request", (request, response) => answer(request, response, options));
  server.on("upgrade", (request, socket, head) => {
    if (options.tracker.handleUpgrade(request, socket, head)) return;
    if (peers?.handleUpgrade(request, socket, head) !== true) refuseUpgrade(socket, "404 Not Found");
  });
  const port = await listenOn(server, options);
  return {
    port,
    get links() {
      return peers?.counts;
    },
    close: () => close(server, options.tracker, peers),
  };
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

async function close(server: Server, tracker: MountedTracker, peers: PeerPort | undefined): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.all([tracker.close(), peers?.close()]);
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
