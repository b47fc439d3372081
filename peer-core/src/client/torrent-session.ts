import { isShoalError, messageOf, ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId, PieceIndex } from "../base/ids.js";
import { Listeners } from "../base/listeners.js";
import { RateLimiter } from "../base/rate-limiter.js";
import type { PieceStore } from "../ports/piece-store.js";
import { parseInfo, type Metainfo } from "../torrent/metainfo.js";
import { chosenBytes } from "../swarm/pieces/chosen-bytes.js";
import type { MakeRelayFlow } from "../swarm/relay/relay-flow.js";
import { Swarm } from "../swarm/swarm.js";
import type { SwarmView } from "../swarm/swarm-view.js";
import { WebSeedDialer } from "../web-seed/web-seed-dialer.js";
import type { ClientContext } from "./client-context.js";
import { ShareAnnouncers } from "./share-announcers.js";
import type { RateLimits, SessionEvent, ShareOptions, TrackerView } from "./share-options.js";

/** Options whose source is no link any more. */
export interface ResolvedShareOptions extends ShareOptions {
  readonly source: Metainfo | InfoHash;
  /** Set where the share is carried for others. */
  readonly relay?: MakeRelayFlow | undefined;
}

/** One share in a client: its swarm, its announcers and its store, from `add` to `stop`. */
export class TorrentSession {
  readonly infoHash: InfoHash;
  readonly swarm: Swarm;
  readonly #context: ClientContext;
  readonly #options: ResolvedShareOptions;
  readonly #listeners = new Listeners<SessionEvent>();
  readonly #announcers: ShareAnnouncers;
  readonly #webSeeds: WebSeedDialer;
  readonly #upLimiter: RateLimiter;
  readonly #downLimiter: RateLimiter;
  readonly #announcesEarly: boolean;
  #metainfo: Metainfo | undefined;
  #store: PieceStore | undefined;
  #opening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** Starts at once. */
  constructor(options: ResolvedShareOptions, context: ClientContext) {
    const { source, limits } = options;
    this.#options = options;
    this.#context = context;
    this.#metainfo = typeof source === "string" ? undefined : source;
    this.#announcesEarly = this.#metainfo === undefined || options.announcesEarly === true;
    this.infoHash = typeof source === "string" ? source : source.infoHash;
    this.#upLimiter = new RateLimiter(limits?.up ?? 0, context.upLimiter);
    this.#downLimiter = new RateLimiter(limits?.down ?? 0, context.downLimiter);
    this.#webSeeds = new WebSeedDialer({
      infoHash: this.infoHash,
      urls: options.webSeeds ?? [],
      source: context.ranges,
      runtime: context.runtime,
      peers: context.dialer,
      onWarning: (message) => this.#listeners.emit({ kind: "warning", code: "web-seed", message }),
    });
    this.swarm = this.#createSwarm();
    this.#announcers = new ShareAnnouncers({
      infoHash: this.infoHash,
      context,
      swarm: this.swarm,
      isRelay: options.relay !== undefined,
      length: () => this.#metainfo?.length,
      emit: (event) => this.#listeners.emit(event),
    });
    this.#announcers.use(options.trackers.flat());
    this.addEndpoints(options.endpoints ?? []);
    if (this.#metainfo !== undefined) this.#opening = this.#open(this.#metainfo);
    if (this.#announcesEarly) this.announce();
    else void this.#opening?.then(() => this.announce());
  }

  /** Undefined until it is known. */
  get metainfo(): Metainfo | undefined {
    return this.#metainfo;
  }

  get view(): SwarmView {
    return this.swarm.view();
  }

  get trackers(): readonly TrackerView[] {
    return this.#announcers.views;
  }

  /** Pieces held, one bit each; undefined until storage is open. */
  get heldPieces(): Uint8Array | undefined {
    return this.swarm.content?.table.have.toWire();
  }

  /** Returns how to stop listening. */
  on(listener: (event: SessionEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Peers to dial: ws://, wss:// or tcp:// URLs. */
  addEndpoints(urls: readonly string[]): void {
    this.swarm.addPeers(
      urls.map((endpoint) => ({ endpoint })),
      true,
    );
  }

  setLimits(limits: RateLimits): void {
    this.#upLimiter.setRate(limits.up);
    this.#downLimiter.setRate(limits.down);
  }

  /** Where this client listens has changed: trackers are told. */
  announce(): void {
    this.#announcers.announce();
  }

  /** Further trackers, announced to from now on. */
  announceTo(trackers: readonly string[]): void {
    if (this.#stopping !== undefined) return;
    this.#announcers.use(trackers);
    this.#announcers.announce();
  }

  /** The metainfo has become known otherwise than from peers; nothing happens when they were faster. */
  describe(metainfo: Metainfo): void {
    if (this.#stopping !== undefined || !this.swarm.describe(metainfo.infoBytes)) return;
    this.#metainfo = metainfo;
    this.#listeners.emit({ kind: "metadata", metainfo });
    this.#opening = this.#open(metainfo);
  }

  /** Reads and hashes every piece that is said to be here; what is not as it should be is dropped. */
  async recheck(): Promise<void> {
    await this.#opening;
    const { content } = this.swarm;
    if (content === undefined) return;
    for (const piece of [...content.table.have.indexes()]) {
      if (this.#stopping !== undefined) return;
      await content.held.recheck(content.table.geometry.pieceIndex(piece));
    }
  }

  /** Trackers are told, links closed, the store flushed and closed. Never rejects: a store that fails is reported as an event. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.swarm.stop();
    await Promise.all([this.#announcers.stop(), this.#closeStore()]);
    this.#context.onStopped(this.infoHash);
    this.#listeners.clear();
  }

  async #closeStore(): Promise<void> {
    await this.#opening;
    await this.swarm.settled();
    try {
      await this.#store?.close();
    } catch (error) {
      this.#listeners.emit({ kind: "failed", error: asShoalError(error) });
    }
  }

  #createSwarm(): Swarm {
    const context = this.#context;
    const emit = (event: SessionEvent) => this.#listeners.emit(event);
    return new Swarm({
      infoHash: this.infoHash,
      peerId: context.peerId,
      runtime: context.runtime,
      dialer: this.#webSeeds,
      reputation: context.reputation,
      clientName: context.clientName,
      metainfo: this.#metainfo,
      relay: this.#options.relay,
      relays: this.#options.relays ?? [],
      asksToKeep: this.#options.asksToKeep ?? false,
      upLimiter: this.#upLimiter,
      downLimiter: this.#downLimiter,
      listen: () => context.listen(),
      hasRoomForConnection: () => context.hasRoomForConnection(),
      sendBufferBytes: () => context.sendBufferBytes(),
      unverified: context.unverified,
      depth: context.depth,
      host: {
        onMetadata: (infoBytes) => {
          this.#opening = this.#onMetadata(infoBytes);
        },
        onPiece: (piece, from) => this.#onPiece(piece, from),
        onLostPiece: (wasWhole) => this.#onLostPiece(wasWhole),
        onComplete: (isFirst) => this.#onComplete(isFirst),
        onPeer: (session, change, reason) =>
          emit({ kind: "peer", peerId: session.peerId, label: session.label, change, reason }),
        onBanned: (peerId: PeerId, reason) => emit({ kind: "peer", peerId, label: peerId, change: "banned", reason }),
        onWarning: (code, message) => emit({ kind: "warning", code, message }),
        onFailed: (error) => this.#onFailed(error),
      },
    });
  }

  async #onMetadata(infoBytes: Uint8Array): Promise<void> {
    try {
      this.#metainfo = await parseInfo(infoBytes, this.#context.runtime.hasher);
    } catch (error) {
      this.swarm.fail(asShoalError(error));
      return;
    }
    if (this.#stopping !== undefined) return;
    this.#listeners.emit({ kind: "metadata", metainfo: this.#metainfo });
    await this.#open(this.#metainfo);
  }

  /** Never rejects: what goes wrong fails the swarm. */
  async #open(metainfo: Metainfo): Promise<void> {
    try {
      // Those who add a share first get to listen to it.
      await Promise.resolve();
      const chosen = chosenBytes(metainfo, this.#options.select?.(metainfo));
      this.#store = await this.#options.openStore(metainfo);
      if (this.#stopping !== undefined) return;
      this.swarm.adopt(metainfo, this.#store, chosen);
      this.addEndpoints(this.#webSeeds.describe(metainfo));
      this.#listeners.emit({ kind: "opened" });
      this.#announcers.tellHeld();
      // All is here already, and the tracker took us for a leech.
      if (this.#announcesEarly && this.swarm.state === "seeding") this.announce();
    } catch (error) {
      this.swarm.fail(asShoalError(error));
    }
  }

  #onPiece(piece: PieceIndex, from: PeerId | undefined): void {
    this.#announcers.have({ kind: "indexes", pieces: [piece] });
    this.#listeners.emit({ kind: "piece", piece, from });
  }

  #onLostPiece(wasWhole: boolean): void {
    this.#announcers.tellHeld();
    // Seeds that nobody can dial come only if a tracker names somebody who lacks something.
    if (wasWhole && this.#options.relay === undefined) this.#announcers.announce();
  }

  #onComplete(isFirst: boolean): void {
    if (!isFirst) return;
    // What a relay has is not counted as somebody's download.
    this.#announcers.announce(this.#options.relay === undefined ? "completed" : undefined);
    this.#listeners.emit({ kind: "complete" });
  }

  #onFailed(error: ShoalError): void {
    this.#announcers.end();
    this.#listeners.emit({ kind: "failed", error });
  }
}

function asShoalError(error: unknown): ShoalError {
  return isShoalError(error) ? error : new ShoalError("disk", messageOf(error), { cause: error });
}
