import { isShoalError, messageOf, ShoalError } from "../base/errors.js";
import { isLoopbackHost } from "../base/host-scope.js";
import { invariant } from "../base/invariant.js";
import type { ByteBudget } from "../base/byte-budget.js";
import type { InfoHash, PeerId, PieceIndex } from "../base/ids.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import type { PeerMessage, PeerSession, SessionOwner } from "../peer/peer-session.js";
import type { CloseReason, Dialer } from "../ports/connection.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { Runtime, Timer } from "../ports/runtime.js";
import type { Metainfo } from "../torrent/metainfo.js";
import { LOCAL_EXTENSIONS } from "../wire/extensions/extended-handshake.js";
import { BLOCK_MAX_BYTES, CLOSE, MAX_QUEUED_REQUESTS } from "../wire/limits.js";
import { Connector } from "./connector.js";
import { DialedLinks } from "./dialed-links.js";
import { Discipline } from "./discipline.js";
import { Usefulness } from "./usefulness.js";
import { Content, noteEarly, noteFidget } from "./content.js";
import { MetadataFlow } from "./metadata-flow.js";
import type { Reputation } from "./reputation.js";
import { SessionTable, staysOf } from "./session-table.js";
import { contentView, peerView } from "./snapshot.js";
import type { SwarmState, SwarmView } from "./swarm-view.js";

/** Whom a swarm tells. Calls come last, when its own state is consistent. */
export interface SwarmHost {
  /** Metadata has come from peers: to be parsed, then `adopt`. */
  onMetadata(infoBytes: Uint8Array): void;
  onPiece(piece: PieceIndex): void;
  onLostPiece(piece: PieceIndex): void;
  /** All that was wanted is stored; `isFirst`: not again, after a piece had been lost. */
  onComplete(isFirst: boolean): void;
  onPeer(session: PeerSession, change: "connected" | "closed", reason: string | undefined): void;
  onBanned(peerId: PeerId, reason: string): void;
  onWarning(code: string, message: string): void;
  onFailed(error: ShoalError): void;
}

export interface SwarmOptions {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly host: SwarmHost;
  readonly reputation: Reputation;
  readonly clientName: string;
  /** Undefined: it comes from peers. */
  readonly metainfo: Metainfo | undefined;
  readonly upLimiter: RateLimiter;
  readonly downLimiter: RateLimiter;
  /** Where this peer can be dialled, as it is told to others: neither when it cannot. */
  readonly listen: () => { readonly port?: number | undefined; readonly endpoint?: string | undefined };
  readonly hasRoomForConnection: () => boolean;
  readonly sendBufferBytes: () => number;
  /** Memory for pieces under way, of all swarms together. */
  readonly unverified: ByteBudget;
}

const TICK_MS = 1_000;
const MAX_SESSIONS = 200;
/** Of these from one address, behind which there may be many people. */
const MAX_PER_ADDRESS = 32;

/**
 * One share's peers and pieces. Owns every session, timer and piece of it; all changes happen synchronously in its
 * methods, and what was asynchronous re-enters through one. metadata → checking → downloading → seeding; any → stopped,
 * failed.
 */
export class Swarm implements SessionOwner {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly #options: SwarmOptions;
  readonly #sessions = new SessionTable();
  readonly #connector: Connector;
  readonly #metadata: MetadataFlow;
  readonly #discipline: Discipline;
  readonly #usefulness: Usefulness;
  readonly #dialed = new DialedLinks();
  #content: Content | undefined;
  #state: SwarmState;
  #error: ShoalError | undefined;
  #tickTimer: Timer | undefined;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.infoHash = options.infoHash;
    this.peerId = options.peerId;
    this.#state = options.metainfo === undefined ? "metadata" : "checking";
    this.#metadata = new MetadataFlow(options.infoHash, options.metainfo?.infoBytes, options.runtime, {
      sessions: () => this.#sessions.all(),
      onMetadata: (infoBytes) => this.#onMetadata(infoBytes),
      onBadMetadata: (sessionId) => this.#discipline.punish(sessionId, "wrong metadata"),
      onFailed: (error) => this.#failWith(error),
    });
    this.#connector = new Connector({
      runtime: options.runtime,
      dialer: options.dialer,
      hasRoom: () => this.#sessions.size < MAX_SESSIONS && options.hasRoomForConnection(),
      isConnectedTo: (peerId) => peerId === this.peerId || this.#sessions.ofPeer(peerId) !== undefined,
      avoidsSeeds: () => this.#isComplete(),
      onConnection: (connection, address) => {
        this.#dialed.open(connection, address, {
          owner: this,
          clock: options.runtime.clock,
          connector: this.#connector,
        });
      },
    });
    this.#discipline = new Discipline({
      clock: options.runtime.clock,
      reputation: options.reputation,
      sessions: this.#sessions,
      connector: this.#connector,
      onBanned: (peerId, reason) => options.host.onBanned(peerId, reason),
    });
    this.#usefulness = new Usefulness({
      amDialable: () => options.listen().port !== undefined || options.listen().endpoint !== undefined,
      amComplete: () => this.#isComplete(),
      isOpen: () => this.#content !== undefined,
    });
    this.#tickTimer = options.runtime.clock.schedule(TICK_MS, () => this.#tick());
  }

  get state(): SwarmState {
    return this.#state;
  }

  get content(): Content | undefined {
    return this.#content;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Peers to dial; `isTrusted`: whoever names them may name addresses of this machine and its network. */
  addPeers(
    peers: readonly { readonly endpoint: string; readonly peerId?: PeerId | undefined }[],
    isTrusted: boolean,
  ): void {
    if (!this.#isRunning()) return;
    for (const { endpoint, peerId } of peers) {
      if (peerId !== this.peerId) this.#connector.add(endpoint, { peerId, isTrusted });
    }
    this.#connector.tick(this.#now());
  }

  /** Storage is open: pieces flow from here on. Call once, with the metainfo of this info-hash. */
  adopt(metainfo: Metainfo, store: PieceStore, chosen: Uint32Array): void {
    if (!this.#isRunning()) return;
    invariant(this.#content === undefined, "a swarm adopts its metainfo once");
    const { runtime, upLimiter, downLimiter, sendBufferBytes, unverified } = this.#options;
    const limits = { upLimiter, downLimiter, sendBufferBytes, unverified };
    this.#content = new Content({ metainfo, store, chosen, runtime, limits, host: this.#contentHost() });
    this.#state = this.#content.table.isComplete ? "seeding" : "downloading";
    for (const session of [...this.#sessions.all()]) this.#introduceContent(this.#content, session);
    this.#connector.tick(this.#now());
  }

  /** Ends everything but the store, which the owner closes. */
  stop(state: "stopped" | "failed" = "stopped", code: number = CLOSE.shuttingDown, why = "shutting down"): void {
    if (!this.#isRunning()) return;
    this.#state = state;
    this.#tickTimer?.cancel();
    this.#connector.stop();
    for (const session of [...this.#sessions.all()]) session.close(code, why);
    this.#content?.stop();
  }

  /** Resolves once nothing reads from or writes to the store any more; call after `stop`, before the store is closed. */
  async settled(): Promise<void> {
    await this.#content?.settled();
  }

  fail(error: ShoalError): void {
    if (!this.#isRunning()) return;
    this.#error = error;
    this.stop("failed");
    this.#options.host.onFailed(error);
  }

  view(): SwarmView {
    const now = this.#now();
    const peers = [...this.#sessions.all()].map((session) => peerView(session, now));
    const candidates = this.#connector.idleCount;
    return { state: this.#state, error: this.#error, peers, candidates, ...contentView(this.#content, now) };
  }

  onOpen(session: PeerSession): void {
    const refusal = this.#refusal(session);
    const dialed = this.#dialed.addressOf(session);
    if (dialed !== undefined) this.#connector.identified(dialed, session.peerId);
    if (refusal !== undefined) return session.close(refusal.code, refusal.message);
    this.#sessions.add(session, dialed);
    this.#usefulness.note(session, this.#now());
    this.#greet(session);
    this.#options.host.onPeer(session, "connected", undefined);
  }

  onMessage(session: PeerSession, message: PeerMessage): void {
    switch (message.type) {
      case "extended-handshake":
        this.#onExtendedHandshake(session);
        return;
      case "metadata":
        this.#metadata.onMessage(session, message.metadata);
        return;
      case "interested":
      case "not-interested":
        if (session.remote.isInterested === (message.type === "interested")) return;
        noteFidget(session, this.#now());
        session.remote.isInterested = message.type === "interested";
        break;
      case "choke":
        session.remote.isChoking = true;
        break;
      case "unchoke":
        session.remote.isChoking = false;
        session.mayAsk = true;
        break;
      case "have":
      case "have-all":
      case "bitfield":
      case "reject":
        session.mayAsk = true;
        break;
      case "piece":
        session.mayAsk = true;
        this.#usefulness.note(session, this.#now());
        break;
      case "request":
        this.#usefulness.note(session, this.#now());
        break;
      default:
        break;
    }
    if (this.#content === undefined) noteEarly(session, message);
    else this.#content.onMessage(session, message);
    if (message.type === "have" || message.type === "bitfield" || message.type === "have-all")
      this.#usefulness.closeIfBothSeed(session);
  }

  onBatch(session: PeerSession): void {
    if (!session.mayAsk) return;
    session.mayAsk = false;
    this.#content?.download.plan(session);
  }

  onDrain(session: PeerSession): void {
    this.#content?.upload.onDrain(session);
  }

  onClosed(session: PeerSession, reason: CloseReason): void {
    const identity = this.#sessions.identity(session.id);
    const wasAdmitted = this.#sessions.get(session.id) === session;
    if (identity !== undefined) this.#sessions.remove(session, identity.peerId);
    this.#dialed.closed(session, reason, this.#connector);
    if (!wasAdmitted) return;
    this.#usefulness.forget(session);
    this.#metadata.onClosed(session);
    this.#content?.onClosed(session);
    if (!reason.remote && reason.code === CLOSE.protocolError) this.#discipline.noteMistake(session.id);
    this.#recheckIfBlamed(session, reason);
    this.#options.host.onPeer(session, "closed", reason.message);
    if (this.#isRunning()) this.#connector.tick(this.#now());
  }

  /** Why a session that has shaken hands is not admitted. An older link to the same peer may have to go instead. */
  #refusal(session: PeerSession): { code: number; message: string } | undefined {
    const now = this.#now();
    if (!this.#isRunning()) return { code: CLOSE.shuttingDown, message: "shutting down" };
    if (this.#discipline.isBanned(session, this.#dialed.addressOf(session)))
      return { code: CLOSE.badData, message: "banned for bad data" };
    const older = this.#sessions.ofPeer(session.peerId);
    if (older !== undefined) {
      if (staysOf(older, session, this.peerId, now) === older)
        return { code: CLOSE.duplicate, message: "already connected" };
      older.close(CLOSE.duplicate, "replaced by another link");
    }
    return this.#hasRoomFor(session) ? undefined : { code: CLOSE.overQuota, message: "too many peers" };
  }

  /** A full swarm makes room by closing the link that has been of least use, if it is of none now. */
  #hasRoomFor(session: PeerSession): boolean {
    const { address } = session;
    const isLocal = address !== undefined && isLoopbackHost(address);
    if (address !== undefined && !isLocal && this.#sessions.countOfAddress(address) >= MAX_PER_ADDRESS) return false;
    if (this.#sessions.size < MAX_SESSIONS) return true;
    const useless = this.#usefulness.leastUseful(this.#sessions.all());
    useless?.close(CLOSE.overQuota, "making room for others");
    return useless !== undefined;
  }

  /** BEP 6: what we hold comes first; then the extended handshake. */
  #greet(session: PeerSession): void {
    if (this.#content !== undefined) {
      this.#content.greet(session);
    } else if (session.remote.supportsFast) {
      session.send({ type: "have-none" });
    }
    this.#tellOfUs(session);
  }

  #tellOfUs(session: PeerSession): void {
    session.sendExtension({
      type: "extended-handshake",
      handshake: {
        extensions: LOCAL_EXTENSIONS,
        client: this.#options.clientName,
        requestQueue: MAX_QUEUED_REQUESTS,
        metadataSize: this.#metadata.size,
        uploadOnly: this.#isComplete(),
        blockMax: BLOCK_MAX_BYTES,
        listenPort: this.#options.listen().port,
        endpoint: this.#options.listen().endpoint,
      },
    });
  }

  #onExtendedHandshake(session: PeerSession): void {
    if (this.#state === "metadata") this.#metadata.advance();
    this.#usefulness.closeIfBothSeed(session);
  }

  #introduceContent(content: Content, session: PeerSession): void {
    try {
      content.introduce(session);
    } catch (error) {
      if (!isShoalError(error, "wire")) throw error;
      session.close(CLOSE.protocolError, error.message);
      return;
    }
    this.#tellOfUs(session);
    this.#usefulness.closeIfBothSeed(session);
  }

  #onMetadata(infoBytes: Uint8Array): void {
    if (this.#state !== "metadata") return;
    this.#state = "checking";
    this.#options.host.onMetadata(infoBytes);
  }

  #contentHost() {
    return {
      sessions: () => this.#sessions.all(),
      onPiece: (piece: PieceIndex) => this.#options.host.onPiece(piece),
      onLostPiece: (piece: PieceIndex) => {
        if (this.#state === "seeding" && !this.#isComplete()) {
          this.#state = "downloading";
          for (const session of this.#sessions.all()) this.#tellOfUs(session);
        }
        this.#options.host.onLostPiece(piece);
      },
      onComplete: (isFirst: boolean) => this.#onComplete(isFirst),
      onBadData: (sessionId: number, piece: PieceIndex) => this.#discipline.punish(sessionId, `piece ${piece}`),
      onWarning: (code: string, message: string) => this.#options.host.onWarning(code, message),
      onFailed: (error: unknown) => this.#failWith(error),
    };
  }

  #failWith(error: unknown): void {
    this.fail(isShoalError(error) ? error : new ShoalError("disk", messageOf(error), { cause: error }));
  }

  #onComplete(isFirst: boolean): void {
    this.#state = "seeding";
    for (const session of [...this.#sessions.all()]) {
      this.#content?.download.updateInterest(session);
      this.#tellOfUs(session);
      this.#usefulness.closeIfBothSeed(session);
    }
    this.#options.host.onComplete(isFirst);
  }

  /** The other side says that a piece of ours is bad: look, and drop it if that is true. */
  #recheckIfBlamed(session: PeerSession, reason: CloseReason): void {
    if (session.upMeter.total === 0 || !reason.remote || reason.code !== CLOSE.badData) return;
    const piece = /^piece (\d{1,7})$/.exec(reason.message)?.[1];
    if (piece !== undefined) this.#content?.recheckBlamed(Number(piece));
  }

  #tick(): void {
    const now = this.#now();
    this.#tickTimer = this.#options.runtime.clock.schedule(TICK_MS, () => this.#tick());
    for (const session of [...this.#sessions.all()]) {
      session.heartbeat(now);
      if (session.isActive) this.#usefulness.closeIfIdle(session, now);
    }
    if (this.#state === "metadata") this.#metadata.advance();
    this.#content?.tick(now);
    this.#connector.tick(now);
  }

  #isComplete(): boolean {
    return this.#content?.table.isComplete ?? false;
  }

  #isRunning(): boolean {
    return this.#state !== "stopped" && this.#state !== "failed";
  }

  #now(): number {
    return this.#options.runtime.clock.now();
  }
}
