import WebSocket from "isomorphic-ws";
import { MAX_MESSAGE_BYTES } from "./websocket-connection.js";
import type { WebSocketLike } from "./websocket-like.js";

/** Our senders never fragment; proxies may a little. */
const MAX_FRAGMENTS = 16;

/** A WebSocket that is being opened. */
export interface OpeningWebSocket {
  readonly socket: WebSocketLike;
  /** Known in Node once it is open. */
  readonly remoteAddress: () => string | undefined;
}

/** In Node: opens the socket of a link, as `net.connect` and `tls.connect` do. */
export type CreateConnection = NonNullable<WebSocket.ClientOptions["createConnection"]>;

/** In Node: how sockets are opened; Node's own way where something is left out. */
export interface SocketOpeners {
  /** For ws:// links. */
  readonly createConnection?: CreateConnection | undefined;
  /** For wss:// links. */
  readonly createSecureConnection?: CreateConnection | undefined;
}

/** What `ws` has to be told so that it opens the socket of `address` by `openers`. */
export function openingOptions(
  address: string,
  openers: SocketOpeners,
): Pick<WebSocket.ClientOptions, "createConnection"> {
  const open = address.startsWith("wss:") ? openers.createSecureConnection : openers.createConnection;
  return open === undefined ? {} : { createConnection: open };
}

/** Starts opening `address` by what this platform has. Throws what it throws for an address it refuses. */
export function openWebSocket(address: string, subprotocol: string, openers: SocketOpeners): OpeningWebSocket {
  // The types are those of `ws`; in a browser the same name is the browser's own.
  const isNode = "terminate" in (WebSocket.prototype as object);
  if (!isNode) {
    const socket = new WebSocket(address, [subprotocol]);
    return { socket, remoteAddress: () => undefined };
  }
  let remoteAddress: string | undefined;
  const socket = new WebSocket(address, [subprotocol], {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    followRedirects: false,
    // Masks protect proxies from pages that choose the bytes; nobody does here, and a zero mask saves a pass over them.
    generateMask: (mask) => void mask.fill(0),
    ...openingOptions(address, openers),
  });
  socket.on("upgrade", (response) => (remoteAddress = response.socket.remoteAddress));
  return { socket, remoteAddress: () => remoteAddress };
}
