import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { clientAddress } from "./address.js";
import type { ClientAddress } from "./address.js";
import { KeyedAllowance } from "./allowance.js";
import { CatalogueApi, catalogueRoute } from "./catalogue-api.js";
import type { Catalogue } from "./catalogue.js";
import { EndpointChecker } from "./endpoint-checker.js";
import { networkDialer } from "./endpoint-dialer.js";
import { HttpError, replyError } from "./http-reply.js";
import { ANNOUNCE_SECONDS, HTTP_BURST, HTTP_REQUESTS_PER_SECOND, MAX_ADDRESSES_REMEMBERED } from "./limits.js";
import { MemoryCatalogue } from "./memory-catalogue.js";
import { MemorySwarmRegistry } from "./memory-swarm-registry.js";
import { PublishQuota } from "./publish-quota.js";
import { RelayDirectory } from "./relay-directory.js";
import { Tracker } from "./tracker.js";
import { WebSocketFrontend } from "./websocket-frontend.js";

export interface TrackerOptions {
  /** Folder of the durable catalogue, made if missing; without it the catalogue is gone with the process. */
  readonly dataDir?: string | undefined;
  /** Announces per minute, socket and swarm after the burst; 0 switches the limit off. Default 2. */
  readonly announceRate?: number | undefined;
  /** Take the client's address from X-Forwarded-For whoever sends it; from loopback it is taken always. */
  readonly trustProxy?: boolean | undefined;
  /** Where the tracker is reached from outside, for the announce URLs in `.torrent` files. */
  readonly publicUrl?: string | undefined;
  readonly version?: string | undefined;
  /** Endpoints of relays told to everybody, absolute or relative to the tracker's URL ("peer": the hub's own). */
  readonly relays?: readonly string[] | undefined;
  /** Hears what an operator should know, one line each. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A tracker without a port of its own: the owner of an HTTP server hands it what is its. */
export interface MountedTracker {
  /** Answers requests whose path ends as one of the tracker's; false, and untouched, when it does not. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes upgrades of paths that end in /announce; false, and untouched, for others. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Tells every socket, closes the catalogue; the server stays its owner's. */
  close(): Promise<void>;
}

/** Time that sockets have to answer a close before they are cut off. */
const CLOSE_GRACE_MS = 500;
const TEND_MS = 1_000;
/** Every peer is looked at about twice a minute even when there are millions. */
const EXPIRE_BUDGET = 50_000;

/** Makes a tracker to be mounted on an HTTP server. Throws ShoalError("disk") when the data folder cannot be used. */
export function createTracker(options: TrackerOptions = {}): MountedTracker {
  return new Mounted(options);
}

class Mounted implements MountedTracker {
  readonly #tracker: Tracker;
  readonly #frontend: WebSocketFrontend;
  readonly #catalogue: Catalogue;
  readonly #api: CatalogueApi;
  readonly #trustProxy: boolean;
  readonly #requests = new KeyedAllowance(
    { burst: HTTP_BURST, period: 1000 / HTTP_REQUESTS_PER_SECOND },
    MAX_ADDRESSES_REMEMBERED,
  );
  readonly #timer: NodeJS.Timeout;

  constructor(options: TrackerOptions) {
    const registry = new MemorySwarmRegistry();
    const rate = options.announceRate ?? 60 / ANNOUNCE_SECONDS;
    this.#trustProxy = options.trustProxy ?? false;
    this.#tracker = new Tracker({
      registry,
      checker: new EndpointChecker(networkDialer, milliseconds),
      relays: new RelayDirectory(options.relays),
      random: Math.random,
      now: () => Math.floor(milliseconds() / 1000),
      announceSeconds: rate === 0 ? 0 : 60 / rate,
    });
    this.#frontend = new WebSocketFrontend(this.#tracker, milliseconds);
    this.#catalogue = new MemoryCatalogue();
    this.#api = new CatalogueApi({
      catalogue: this.#catalogue,
      registry,
      quota: new PublishQuota(),
      now: Date.now,
      publicUrl: options.publicUrl,
      createdBy: `shoal ${options.version ?? ""}`.trim(),
    });
    this.#timer = setInterval(() => this.#tend(), TEND_MS).unref();
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const url = requestUrl(request);
    const route = url === undefined ? undefined : catalogueRoute(url.pathname);
    if (url === undefined || route === undefined) return false;
    this.#answer(request, response, (from) => this.#api.handle(request, response, url, route, from));
    return true;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (requestUrl(request)?.pathname.endsWith("/announce") !== true) return false;
    const address = clientAddress(request, this.#trustProxy);
    if (address === undefined) socket.destroy();
    else this.#frontend.accept(request, socket, head, address);
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#frontend.close(CLOSE_GRACE_MS);
    this.#tracker.close();
    await this.#catalogue.close();
  }

  #tend(): void {
    this.#frontend.tend();
    this.#tracker.expire(EXPIRE_BUDGET);
  }

  #answer(request: IncomingMessage, response: ServerResponse, work: (from: ClientAddress) => Promise<void>): void {
    const from = clientAddress(request, this.#trustProxy);
    if (from === undefined) return void response.destroy();
    if (!from.isExempt && !this.#requests.take(from.group, milliseconds())) {
      replyError(request, response, new HttpError(429, "rate", "Too many requests from this address"));
      return;
    }
    work(from).catch((error: unknown) => {
      const known =
        error instanceof HttpError ? error : new HttpError(500, "internal", "The tracker could not do this");
      replyError(request, response, known);
    });
  }
}

/** Milliseconds that never go back. */
function milliseconds(): number {
  return performance.now();
}

function requestUrl(request: IncomingMessage): URL | undefined {
  const target = `http://tracker${request.url ?? "/"}`;
  return URL.canParse(target) ? new URL(target) : undefined;
}
