import { connect, type Socket } from "node:net";
import { messageOf, ShoalError } from "@shoal/peer-core";
import type { Connection, Dialer } from "@shoal/peer-core/platform";
import { plainAddress } from "./client-address.js";
import { TcpConnection } from "./tcp-connection.js";
import { prepareSocket } from "./tcp-socket.js";

/** As for WebSockets: a dead address must not hold a dial slot for long. */
const DIAL_TIMEOUT_MS = 15_000;

/**
 * What all dialled sockets read into, one after the other: a read is handed over before the next one begins. As large
 * as the blocks of our own peers, so that a fast link takes few reads.
 */
const READ_BYTES = 256 * 1024;

export interface TcpDialerOptions {
  readonly timeoutMs?: number | undefined;
}

/** Opens plain TCP links to tcp://HOST:PORT (IPv6 in brackets), where ordinary BitTorrent clients and our own Node peers listen. */
export function createTcpDialer(options: TcpDialerOptions = {}): Dialer {
  const timeoutMs = options.timeoutMs ?? DIAL_TIMEOUT_MS;
  const readBuffer = new Uint8Array(READ_BYTES);
  return {
    canDial: (address) => hostAndPort(address) !== undefined,
    dial: (address, signal) =>
      new Promise((resolve, reject) => dial({ address, signal, timeoutMs, readBuffer, resolve, reject })),
  };
}

interface Dial {
  readonly address: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly readBuffer: Uint8Array;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: ShoalError) => void;
}

function dial(request: Dial): void {
  const { address, signal, reject } = request;
  const target = hostAndPort(address);
  if (signal.aborted) reject(aborted(address));
  else if (target === undefined) reject(new ShoalError("connection", `Cannot dial ${address} from here`));
  else awaitOpen(target, request);
}

function awaitOpen(target: { host: string; port: number }, request: Dial): void {
  const { address, signal, timeoutMs, readBuffer, resolve, reject } = request;
  let connection: TcpConnection | undefined;
  const onRead = (length: number, buffer: Uint8Array): boolean => {
    connection?.deliver(buffer.subarray(0, length));
    return true;
  };
  const socket = connect({ ...target, onread: { buffer: () => connection?.room() ?? readBuffer, callback: onRead } });
  // Reading begins when somebody is attached.
  socket.pause();
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.off("error", onError);
  };
  const giveUp = (error: ShoalError): void => {
    settle();
    socket.on("error", () => undefined);
    socket.destroy();
    reject(error);
  };
  const onAbort = (): void => giveUp(aborted(address));
  const onError = (cause: Error): void =>
    giveUp(new ShoalError("connection", `Cannot connect to ${address}: ${messageOf(cause)}`, { cause }));
  const timer = setTimeout(() => {
    giveUp(new ShoalError("connection", `No answer from ${address} within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", onError);
  socket.once("connect", () => {
    settle();
    prepareSocket(socket);
    connection = new TcpConnection(socket, { label: address, remoteAddress: remoteAddressOf(socket) });
    resolve(connection);
  });
}

function remoteAddressOf(socket: Socket): string | undefined {
  return socket.remoteAddress === undefined ? undefined : plainAddress(socket.remoteAddress);
}

/** Undefined unless `address` is a URL of tcp:// with a host and a port and nothing else. */
function hostAndPort(address: string): { host: string; port: number } | undefined {
  const [, plain, bracketed, port] =
    /^tcp:\/\/(?:([^/:@?#[\]\s]+)|\[([0-9a-f:.]+)\]):([1-9]\d{0,4})$/i.exec(address) ?? [];
  const host = plain ?? bracketed;
  return host === undefined || !URL.canParse(address) ? undefined : { host, port: Number(port) };
}

function aborted(address: string): ShoalError {
  return new ShoalError("aborted", `Dialling ${address} was given up`);
}
