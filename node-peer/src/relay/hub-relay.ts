import type { Client, Hasher, RateLimits, RelayOptions } from "@shoal/peer-core";
import type { Connection } from "@shoal/peer-core/platform";
import type { ExtraMetric, MountedTracker } from "@shoal/tracker";
import { createRelayClient } from "../compose.js";
import { DEFAULT_PEER_LIMITS, type PeerAdmission } from "../net/peer-admission.js";
import type { RelayPlan } from "../settings/relay-plan.js";
import type { FsPieceCache } from "./fs-piece-cache.js";
import { PublishedShares } from "./published-shares.js";

/** Somebody whose line broke is back by then; a share that is left costs its next visitor an announce and a look at the disk. */
const LINGER_MS = 120_000;

export interface HubRelayOptions {
  readonly plan: RelayPlan;
  readonly cache: FsPieceCache;
  readonly hasher: Hasher;
  readonly limits: RateLimits;
  readonly version: string;
}

/** What the relay learns once the hub listens. */
export interface RunningHub {
  /** Its catalogue says what is published. */
  readonly tracker: MountedTracker;
  /** The announce URL at which this process reaches that tracker. */
  readonly trackerUrl: string;
  readonly port: number;
  /** Absolute URL of the hub's /peer, where it is known; else others find it by address and port. */
  readonly endpoint: string | undefined;
  readonly links: () => PeerAdmission["counts"] | undefined;
}

/** The relay of a hub: a peer on the hub's own port that carries pieces between those who cannot dial each other. */
export class HubRelay {
  readonly #options: HubRelayOptions;
  #hub: RunningHub | undefined;
  #client: Client | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: HubRelayOptions) {
    this.#options = options;
  }

  /** What the hub's page is told of it. */
  get policy(): RelayPlan["policy"] {
    return this.#options.plan.policy;
  }

  get cacheBytes(): number {
    return this.#options.cache.quotaBytes;
  }

  /** From now on it takes peers. */
  start(hub: RunningHub): void {
    const { version, limits, hasher } = this.#options;
    this.#hub = hub;
    this.#client = createRelayClient({
      version,
      limits,
      hasher,
      ownTracker: hub.trackerUrl,
      listen: hub.endpoint === undefined ? { port: hub.port } : { endpoint: hub.endpoint },
      relay: this.#relayOptions(hub),
    });
  }

  /** Takes a link that came in at the hub's port. */
  accept(connection: Connection): void {
    if (this.#client === undefined) connection.close(4003, "The hub is starting");
    else this.#client.accept(connection);
  }

  /** For /metrics. */
  get metrics(): readonly ExtraMetric[] {
    const { cache } = this.#options;
    const metric = (kind: ExtraMetric["kind"], name: string, help: string, read: () => number): ExtraMetric => {
      return { kind, name: `shoal_relay_${name}`, help, read };
    };
    return [
      metric("gauge", "links", "Open links of peers", () => this.#hub?.links()?.open ?? 0),
      metric("total", "refused_total", "Links refused", () => this.#hub?.links()?.refused ?? 0),
      metric("gauge", "shares", "Shares being carried", () => this.#client?.carried().length ?? 0),
      metric("gauge", "cache_bytes", "Bytes in the cache", () => cache.usedBytes),
      metric("gauge", "cache_limit_bytes", "Bytes that may be in the cache", () => cache.quotaBytes),
      metric("gauge", "cache_pieces", "Pieces in the cache", () => cache.counts.pieces),
      metric("total", "served_bytes_total", "Bytes read from the cache for peers", () => cache.counts.servedBytes),
      metric("total", "stored_bytes_total", "Bytes put into the cache", () => cache.counts.storedBytes),
      metric("total", "evicted_pieces_total", "Pieces forgotten to make room", () => cache.counts.evictions),
      metric("total", "rotten_pieces_total", "Pieces that were not what was stored", () => cache.counts.rotten),
    ];
  }

  /** Tells trackers and peers, and closes the cache; the hub still listens. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#client?.close();
    await this.#options.cache.close();
  }

  #relayOptions(hub: RunningHub): RelayOptions {
    const { plan, cache, hasher } = this.#options;
    const published = new PublishedShares({ tracker: hub.tracker, others: plan.trackers, cache, hasher });
    return {
      admits: async (infoHash) => plan.policy === "any" || (await published.has(infoHash)),
      metainfoOf: (infoHash) => published.metainfo(infoHash),
      cache,
      trackers: [hub.trackerUrl, ...plan.trackers],
      keepBytes: plan.keepBytes,
      keepMs: plan.keepMs,
      unixMs: Date.now,
      lingerMs: LINGER_MS,
      linksPerAddress: DEFAULT_PEER_LIMITS.perAddress,
    };
  }
}
