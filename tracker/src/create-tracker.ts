import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { messageOf } from "@shoal/peer-core/announce";
import type { InfoHash } from "@shoal/peer-core/announce";
import { clientAddress, isForwarded, ownDoor } from "./address.js";
import type { ClientAddress } from "./address.js";
import { KeyedAllowance } from "./allowance.js";
import { CatalogueApi, catalogueRoute } from "./catalogue-api.js";
import { CatalogueUpkeep } from "./catalogue-upkeep.js";
import type { Catalogue } from "./catalogue.js";
import { EndpointChecker } from "./endpoint-checker.js";
import { networkDialer } from "./endpoint-dialer.js";
import { HttpFrontend } from "./http-frontend.js";
import { HttpError, replyError } from "./http-reply.js";
import { ANNOUNCE_SECONDS, HTTP_BURST, HTTP_REQUESTS_PER_SECOND, MAX_ADDRESSES_REMEMBERED } from "./limits.js";
import { LmdbCatalogue } from "./lmdb-catalogue.js";
import { MemoryCatalogue } from "./memory-catalogue.js";
import { MemorySwarmRegistry } from "./memory-swarm-registry.js";
import { systemSchedule } from "./newcomer-notices.js";
import { PublishQuota } from "./publish-quota.js";
import { RelayDirectory } from "./relay-directory.js";
import { StatusPages } from "./status-pages.js";
import { TrackerMetrics } from "./tracker-metrics.js";
import type { MountedTracker, TrackerOptions } from "./tracker-options.js";
import { Tracker } from "./tracker.js";
import { WebSocketFrontend } from "./websocket-frontend.js";

/** Time that sockets have to answer a close before they are cut off. */
const CLOSE_GRACE_MS = 500;
const TEND_MS = 1_000;
/** Every peer is looked at about twice a minute even when there are millions. */
const EXPIRE_BUDGET = 50_000;

/** Makes a tracker to be mounted on an HTTP server. Throws ShoalError("disk") when the data folder cannot be used. */
export function createTracker(options: TrackerOptions = {}): MountedTracker {
  return new Mounted(options);
}

type Work = (from: ClientAddress) => Promise<void> | void;

class Mounted implements MountedTracker {
  readonly #options: TrackerOptions;
  readonly #tracker: Tracker;
  readonly #sockets: WebSocketFrontend;
  readonly #http: HttpFrontend;
  readonly #catalogue: Catalogue;
  readonly #api: CatalogueApi;
  readonly #upkeep: CatalogueUpkeep;
  readonly #metrics: TrackerMetrics;
  readonly #status: StatusPages;
  readonly #requests = new KeyedAllowance(
    { burst: HTTP_BURST, period: 1000 / HTTP_REQUESTS_PER_SECOND },
    MAX_ADDRESSES_REMEMBERED,
  );
  readonly #timer: NodeJS.Timeout;
  #hasWarnedOfProxy = false;

  constructor(options: TrackerOptions) {
    const { dataDir, publicUrl, version = "unknown", log = () => undefined } = options;
    this.#options = options;
    const registry = new MemorySwarmRegistry();
    const catalogue = dataDir === undefined ? new MemoryCatalogue() : new LmdbCatalogue(join(dataDir, "catalogue"));
    const tracker = trackerFrom(options, registry);
    this.#tracker = tracker;
    this.#catalogue = catalogue;
    this.#sockets = new WebSocketFrontend({ tracker, now: milliseconds, log });
    this.#http = new HttpFrontend(tracker);
    this.#metrics = new TrackerMetrics({
      tracker,
      catalogue,
      socketCount: () => this.#sockets.socketCount,
      extra: options.metrics ?? [],
    });
    this.#status = new StatusPages({ tracker, catalogue, metrics: this.#metrics, version, now: milliseconds });
    const now = Date.now;
    this.#api = new CatalogueApi({
      catalogue,
      registry,
      quota: new PublishQuota(),
      now,
      publicUrl,
      createdBy: `shoal ${version}`,
    });
    this.#upkeep = new CatalogueUpkeep({ catalogue, registry, now, log });
    this.#timer = setInterval(() => this.#tend(), TEND_MS).unref();
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const url = requestUrl(request);
    const work = url === undefined ? undefined : this.#route(request, response, url);
    if (work === undefined) return false;
    this.#answer(request, response, work);
    return true;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (requestUrl(request)?.pathname.endsWith("/announce") !== true) return false;
    const address = this.#addressOf(request);
    if (address === undefined) socket.destroy();
    else if (!this.#sockets.accept(request, socket, head, address)) this.#metrics.onRefused("sockets");
    return true;
  }

  async isPublished(infoHash: InfoHash): Promise<boolean> {
    return (await this.#catalogue.find(infoHash)) !== undefined;
  }

  async publishedInfo(infoHash: InfoHash): Promise<Uint8Array | undefined> {
    return (await this.#catalogue.content(infoHash))?.infoBytes;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sockets.close(CLOSE_GRACE_MS);
    this.#tracker.close();
    await this.#catalogue.close();
  }

  #route(request: IncomingMessage, response: ServerResponse, url: URL): Work | undefined {
    const route = catalogueRoute(url.pathname);
    if (route !== undefined) return (from) => this.#api.handle(request, response, { url, route, from });
    const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    switch (name) {
      case "announce":
        return (from) => this.#http.announce(response, url.search.slice(1), { from, door: ownDoor(request, from) });
      case "scrape":
        return () => this.#http.scrape(response, url.search.slice(1));
      case "health":
      case "stats":
      case "stats.json":
      case "metrics":
        return () => this.#status.handle(response, name);
      default:
        return undefined;
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse, work: Work): void {
    const from = this.#addressOf(request);
    if (from === undefined) {
      response.destroy();
      return;
    }
    if (!from.isExempt && !this.#requests.take(from.group, milliseconds())) {
      this.#metrics.onRefused("requests");
      replyError(request, response, new HttpError(429, "rate", "Too many requests from this address"));
      return;
    }
    void this.#work(request, response, from, work);
  }

  async #work(request: IncomingMessage, response: ServerResponse, from: ClientAddress, work: Work): Promise<void> {
    try {
      await work(from);
    } catch (error) {
      if (error instanceof HttpError) {
        if (error.status === 429 || error.status >= 503) this.#metrics.onRefused(error.code);
        replyError(request, response, error);
        return;
      }
      // A client that went away in the middle is nobody's fault; what is left is ours, and the operator should know.
      if (!request.destroyed || request.complete)
        this.#options.log?.(`${request.method ?? ""} failed: ${messageOf(error)}`);
      replyError(request, response, new HttpError(500, "internal", "The tracker could not do this"));
    }
  }

  #addressOf(request: IncomingMessage): ClientAddress | undefined {
    const trustProxy = this.#options.trustProxy ?? false;
    const address = clientAddress(request, trustProxy);
    if (address?.scope !== "public" && address?.isExempt === false && !trustProxy && isForwarded(request))
      this.#warnOfProxy(address);
    return address;
  }

  #warnOfProxy({ ip }: ClientAddress): void {
    if (this.#hasWarnedOfProxy) return;
    this.#hasWarnedOfProxy = true;
    this.#options.log?.(
      `Requests come through ${ip} with X-Forwarded-For: if that is your proxy, start with --trust-proxy`,
    );
  }

  #tend(): void {
    this.#sockets.tend();
    this.#tracker.expire(EXPIRE_BUDGET);
    this.#upkeep.step();
  }
}

function trackerFrom({ announceRate, relays }: TrackerOptions, registry: MemorySwarmRegistry): Tracker {
  const perMinute = announceRate ?? 60 / ANNOUNCE_SECONDS;
  return new Tracker({
    registry,
    checker: new EndpointChecker(networkDialer, milliseconds),
    relays: new RelayDirectory(relays),
    random: Math.random,
    now: () => Math.floor(milliseconds() / 1000),
    schedule: systemSchedule,
    announceSeconds: perMinute === 0 ? 0 : 60 / perMinute,
  });
}

/** Milliseconds that never go back. */
function milliseconds(): number {
  return performance.now();
}

function requestUrl(request: IncomingMessage): URL | undefined {
  const target = `http://tracker${request.url ?? "/"}`;
  return URL.canParse(target) ? new URL(target) : undefined;
}
