import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { PEER_SUBPROTOCOL, WebSocketConnection } from "@shoal/peer-core/platform";
import { answerHandshake } from "@shoal/tracker/websocket";
import type { AcceptedLinks } from "./accepted-links.js";
import { clientAddress } from "./client-address.js";
import { PeerWebSocket } from "./peer-websocket.js";
import { refuseUpgrade } from "./refuse-upgrade.js";
import { prepareSocket } from "./tcp-socket.js";

/** Takes in peers that open a WebSocket at a path ending in "/peer" of somebody's HTTP server. */
export class WebSocketAcceptor {
  readonly #links: AcceptedLinks;
  readonly #trustProxy: boolean;

  /** `trustProxy`: believe `X-Forwarded-For` of whoever connects; a proxy on this machine is always believed. */
  constructor(links: AcceptedLinks, trustProxy: boolean) {
    this.#links = links;
    this.#trustProxy = trustProxy;
  }

  /** True when `handleUpgrade` is for this request. */
  static handles(request: IncomingMessage): boolean {
    return /^[^?#]*\/peer(?:[?#]|$)/.test(request.url ?? "");
  }

  /** Answers an upgrade request that is for peers, with a link or with a refusal. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket without an error listener takes the process with it when its peer resets.
    socket.on("error", () => socket.destroy());
    const client = clientAddress(request, this.#trustProxy);
    if (client.address === "") {
      // It has reset by now, though what it sent can still be read.
      socket.destroy();
      return;
    }
    const ticket = this.#links.admit(client);
    if (typeof ticket === "string") {
      refuseUpgrade(socket, 503, ticket);
      return;
    }
    socket.once("close", ticket.release);
    prepareSocket(request.socket);
    if (!answerHandshake(request, socket, choosePeerWire)) return;
    const webSocket = new PeerWebSocket(socket, head);
    const { address } = client;
    const connection = new WebSocketConnection(webSocket, { label: address, remoteAddress: address });
    this.#links.add(connection, { socket: webSocket, dataEvent: "message" }, ticket);
  }
}

function choosePeerWire(offered: readonly string[]): string | undefined {
  return offered.find((name) => name === PEER_SUBPROTOCOL);
}
