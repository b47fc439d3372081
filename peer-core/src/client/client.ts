import { ByteBudget } from "../base/byte-budget.js";
import { concatBytes, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { peerIdFromBytes, type InfoHash, type PeerId } from "../base/ids.js";
import { RateLimiter } from "../base/rate-limiter.js";
import { PeerSession } from "../peer/peer-session.js";
import type { Connection } from "../ports/connection.js";
import type { Random } from "../ports/runtime.js";
import { QueueDepth } from "../swarm/download/queue-depth.js";
import { Reputation } from "../swarm/members/reputation.js";
import { CLOSE } from "../wire/limits.js";
import type { ClientContext } from "./client-context.js";
import type { RelayDesk } from "./relay-desk.js";
import type { ClientOptions, ListenAddress, RateLimits, ShareOptions } from "./share-options.js";
import { TorrentSession, type ResolvedShareOptions } from "./torrent-session.js";
import { TrackerLines } from "./tracker-lines.js";

/** Software and version in the style of BEP 20. */
const PEER_ID_PREFIX = "-SH0100-";
const DEFAULT_MAX_CONNECTIONS = 2_000;
/** Incoming links that have not shaken hands yet, besides those. */
const MAX_PENDING = 64;
/** In one socket, reads under way included: keeps the wire busy, and a slow peer's memory small … */
const SEND_BUFFER_BYTES = 1024 * 1024;
/** … and in all sockets together. */
const ALL_SEND_BUFFERS_BYTES = 256 * 1024 * 1024;
const MAX_UNVERIFIED_BYTES = 64 * 1024 * 1024;

/** A peer with many shares. Incoming links are routed by info-hash; those for shares that are not here are closed. */
export class Client {
  readonly peerId: PeerId;
  readonly #options: ClientOptions;
  readonly #sessions = new Map<InfoHash, TorrentSession>();
  readonly #pending = new Set<PeerSession>();
  readonly #trackers: TrackerLines;
  readonly #upLimiter: RateLimiter;
  readonly #downLimiter: RateLimiter;
  readonly #context: ClientContext;
  readonly #relayDesk: RelayDesk | undefined;
  #listen: ListenAddress;
  #isClosed = false;

  /** `openDesk` makes it a relay: see `createRelay`. */
  constructor(options: ClientOptions, openDesk?: (context: ClientContext) => RelayDesk) {
    this.#options = options;
    this.peerId = createPeerId(options.runtime.random);
    this.#listen = options.listen ?? {};
    this.#upLimiter = new RateLimiter(options.limits?.up ?? 0);
    this.#downLimiter = new RateLimiter(options.limits?.down ?? 0);
    this.#trackers = new TrackerLines((url) => options.openTracker(url));
    this.#context = this.#createContext();
    this.#relayDesk = openDesk?.(this.#context);
  }

  /** Starts a share. Throws ShoalError("exists") when its info-hash is here already. */
  add(options: ShareOptions): TorrentSession {
    const { source } = options;
    const infoHash = typeof source === "string" ? source : source.infoHash;
    if (this.#isClosed) throw new ShoalError("aborted", "The client is closed");
    if (this.#sessions.has(infoHash)) throw new ShoalError("exists", `The share ${infoHash} is already here`);
    this.#relayDesk?.giveWay(infoHash);
    const session = new TorrentSession(resolveSource(options), this.#context);
    this.#sessions.set(infoHash, session);
    return session;
  }

  get(infoHash: InfoHash): TorrentSession | undefined {
    return this.#sessions.get(infoHash);
  }

  sessions(): readonly TorrentSession[] {
    return [...this.#sessions.values()];
  }

  /** Shares of others that are carried now; none unless the client is a relay. */
  carried(): readonly TorrentSession[] {
    return this.#relayDesk?.sessions() ?? [];
  }

  /** Takes a link that came in. */
  accept(connection: Connection): void {
    // A client that is full takes it all the same: its swarm may have a link that is of no use, and makes room.
    if (this.#isClosed || this.#pending.size >= MAX_PENDING) {
      connection.close(CLOSE.overQuota, "too many links");
      return;
    }
    const session = new PeerSession({
      connection,
      clock: this.#options.runtime.clock,
      owner: undefined,
      route: (handshake) => {
        this.#pending.delete(session);
        const own = this.#sessions.get(handshake.infoHash);
        return own?.swarm ?? this.#relayDesk?.route(handshake.infoHash, connection.remoteAddress);
      },
      onFailed: () => this.#pending.delete(session),
    });
    this.#pending.add(session);
    session.start();
  }

  /** Where others can dial us has become known, or has changed: trackers are told. */
  setListen(listen: ListenAddress): void {
    this.#listen = listen;
    for (const session of this.#sessions.values()) session.announce();
    this.#relayDesk?.announce();
  }

  /** Limits for all shares together. */
  setLimits(limits: RateLimits): void {
    this.#upLimiter.setRate(limits.up);
    this.#downLimiter.setRate(limits.down);
  }

  /** Stops every share: trackers are told, stores flushed and closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#pending) session.close(CLOSE.shuttingDown, "shutting down");
    await Promise.all([...this.sessions().map((session) => session.stop()), this.#relayDesk?.close()]);
    await this.#trackers.closed();
  }

  #createContext(): ClientContext {
    const options = this.#options;
    const { runtime, dialer, ranges, clientName } = options;
    return {
      peerId: this.peerId,
      runtime,
      dialer,
      ranges,
      clientName,
      reputation: new Reputation(),
      upLimiter: this.#upLimiter,
      downLimiter: this.#downLimiter,
      depth: new QueueDepth(),
      unverified: new ByteBudget(options.unverifiedBytes ?? MAX_UNVERIFIED_BYTES),
      listen: () => this.#listen,
      hasRoomForConnection: () => this.#hasRoom(),
      sendBufferBytes: () => this.#sendBufferBytes(),
      useTracker: (url) => this.#trackers.use(url),
      releaseTracker: (url) => this.#trackers.release(url),
      onStopped: (infoHash) => this.#sessions.delete(infoHash),
    };
  }

  #sendBufferBytes(): number {
    const allBytes = this.#options.sendBuffersBytes ?? ALL_SEND_BUFFERS_BYTES;
    return Math.min(SEND_BUFFER_BYTES, allBytes / Math.max(1, this.#connectionCount()));
  }

  #hasRoom(): boolean {
    return this.#connectionCount() < (this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS);
  }

  #connectionCount(): number {
    let count = 0;
    for (const session of [...this.sessions(), ...this.carried()]) count += session.swarm.sessionCount;
    return count;
  }
}

/** Spreads a link over the options that it stands for. */
function resolveSource(options: ShareOptions): ResolvedShareOptions {
  const { source } = options;
  if (typeof source === "string" || "infoBytes" in source) return { ...options, source };
  return {
    ...options,
    source: source.infoHash,
    trackers: [...options.trackers, source.trackers],
    endpoints: [...(options.endpoints ?? []), ...source.endpoints],
    webSeeds: [...(options.webSeeds ?? []), ...source.webSeeds],
    select: options.select ?? (() => source.select),
  };
}

function createPeerId(random: Random): PeerId {
  return peerIdFromBytes(concatBytes([utf8Encode(PEER_ID_PREFIX), random.bytes(20 - PEER_ID_PREFIX.length)]));
}
