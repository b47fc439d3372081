import type { EventEmitter } from "node:events";
import type { Connection } from "@shoal/peer-core/platform";
import type { ClientAddress } from "./client-address.js";
import { DEFAULT_PEER_LIMITS, PeerAdmission, type PeerLimits, type PeerTicket } from "./peer-admission.js";

/** A peer that dials speaks first (BEP 3): who has said nothing by then is not one. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Length of a BitTorrent handshake (BEP 3). */
const HANDSHAKE_BYTES = 68;

export interface AcceptedLinksOptions {
  readonly onConnection: (connection: Connection) => void;
  readonly limits?: Partial<PeerLimits> | undefined;
  readonly handshakeTimeoutMs?: number | undefined;
}

/** An open socket on which a link has come in, of whatever kind: `dataEvent` brings a Buffer or several, "close" ends it. */
export interface LinkSource {
  readonly socket: EventEmitter;
  readonly dataEvent: "message" | "data";
}

/** The links that have come in, over all transports: admitted by one set of limits, watched for their handshake, closed together. */
export class AcceptedLinks {
  readonly #options: AcceptedLinksOptions;
  readonly #admission: PeerAdmission;
  readonly #open = new Map<EventEmitter, Connection>();
  #whenEmpty: (() => void) | undefined;
  #isClosed = false;

  constructor(options: AcceptedLinksOptions) {
    this.#options = options;
    this.#admission = new PeerAdmission({ ...DEFAULT_PEER_LIMITS, ...options.limits }, () => performance.now());
  }

  /** Links open now, those of them that have not sent a handshake, and links refused so far. */
  get counts(): PeerAdmission["counts"] {
    return this.#admission.counts;
  }

  /** A place for a new link, to be released when its socket closes, or the reason why there is none. */
  admit(client: ClientAddress): PeerTicket | string {
    return this.#isClosed ? "This peer is shutting down" : this.#admission.admit(client);
  }

  /** An admitted link is open. */
  add(connection: Connection, source: LinkSource, ticket: PeerTicket): void {
    this.#open.set(source.socket, connection);
    source.socket.once("close", () => {
      this.#open.delete(source.socket);
      if (this.#open.size === 0) this.#whenEmpty?.();
    });
    this.#awaitHandshake(connection, source, ticket);
    this.#options.onConnection(connection);
  }

  /** Refuses whoever comes, closes all links with 4006 and resolves when they are gone: within 5 s. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#open.values()) connection.close(4006, "Shutting down");
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenEmpty = resolve));
  }

  #awaitHandshake(connection: Connection, { socket, dataEvent }: LinkSource, ticket: PeerTicket): void {
    let bytes = 0;
    const timer = setTimeout(
      () => connection.close(4005, "No handshake"),
      this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    );
    const onData = (data: Buffer | readonly Buffer[]): void => {
      for (const part of Buffer.isBuffer(data) ? [data] : data) bytes += part.length;
      if (bytes < HANDSHAKE_BYTES) return;
      ticket.handshaken();
      stop();
    };
    const stop = (): void => {
      clearTimeout(timer);
      socket.off(dataEvent, onData);
      socket.off("close", stop);
    };
    socket.on(dataEvent, onData);
    socket.on("close", stop);
  }
}
