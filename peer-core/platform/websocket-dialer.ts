import { ShoalError, messageOf } from "../src/base/errors.js";
import type { Connection, Dialer } from "../src/ports/connection.js";
import { openWebSocket, type OpeningWebSocket, type SocketOpeners } from "./open-websocket.js";
import { WebSocketConnection } from "./websocket-connection.js";

/** Peers offer it so that a server can tell them from other users of a port. */
export const PEER_SUBPROTOCOL = "bittorrent";

/** Long enough for a bad mobile line, short enough that a dead endpoint does not hold a dial slot for long. */
const DIAL_TIMEOUT_MS = 15_000;

export interface WebSocketDialerOptions extends SocketOpeners {
  readonly timeoutMs?: number | undefined;
}

/** Opens links to ws:// and wss:// endpoints, in Node and in browsers (an https page: to wss:// and its own machine only). */
export function createWebSocketDialer(options: WebSocketDialerOptions = {}): Dialer {
  const timeoutMs = options.timeoutMs ?? DIAL_TIMEOUT_MS;
  return {
    canDial,
    dial: (address, signal) =>
      new Promise((resolve, reject) => dial({ address, signal, timeoutMs, openers: options, resolve, reject })),
  };
}

function canDial(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "wss:") return true;
  return url?.protocol === "ws:" && !(isSecurePage() && !isLoopback(url.hostname));
}

/** Browsers refuse plain connections from https pages, but for those to the machine itself. */
function isSecurePage(): boolean {
  return "location" in globalThis && globalThis.location.protocol === "https:";
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

interface Dial {
  readonly address: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly openers: SocketOpeners;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: ShoalError) => void;
}

function dial(request: Dial): void {
  const { address, signal, reject } = request;
  if (signal.aborted) {
    reject(aborted(address));
  } else if (!canDial(address)) {
    reject(new ShoalError("connection", `Cannot dial ${address} from here`));
  } else {
    try {
      awaitOpen(openWebSocket(address, PEER_SUBPROTOCOL, request.openers), request);
    } catch (error) {
      reject(new ShoalError("connection", `Cannot dial ${address}: ${messageOf(error)}`, { cause: error }));
    }
  }
}

function awaitOpen(
  { socket, remoteAddress }: OpeningWebSocket,
  { address, signal, timeoutMs, resolve, reject }: Dial,
): void {
  let cause: unknown;
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  };
  const giveUp = (error: ShoalError): void => {
    settle();
    // The error listener stays: `ws` reports a handshake that is broken off as an error.
    socket.onopen = socket.onclose = null;
    if (socket.terminate !== undefined) socket.terminate();
    else socket.close();
    reject(error);
  };
  const onAbort = (): void => giveUp(aborted(address));
  const timer = setTimeout(() => {
    giveUp(new ShoalError("connection", `No answer from ${address} within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.onerror = (event) => (cause = event.error);
  socket.onclose = () => {
    const detail = cause === undefined ? "refused or unreachable" : messageOf(cause);
    giveUp(new ShoalError("connection", `Cannot connect to ${address}: ${detail}`, { cause }));
  };
  socket.onopen = () => {
    settle();
    resolve(new WebSocketConnection(socket, { label: address, remoteAddress: remoteAddress() }));
  };
}

function aborted(address: string): ShoalError {
  return new ShoalError("aborted", `Dialling ${address} was given up`);
}
