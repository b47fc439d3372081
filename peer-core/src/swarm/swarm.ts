import { isShoalError, messageOf, ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId, PieceIndex } from "../base/ids.js";
import { invariant } from "../base/invariant.js";
import type { PeerMessage, PeerSession, SessionOwner } from "../peer/peer-session.js";
import type { CloseReason } from "../ports/connection.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { Timer } from "../ports/runtime.js";
import type { Metainfo } from "../torrent/metainfo.js";
import type { BlockHeader } from "../wire/decode.js";
import type { Farewell } from "../wire/extensions/close-message.js";
import { CLOSE } from "../wire/limits.js";
import { Content } from "./content.js";
import { Introduction } from "./introduction.js";
import { Membership } from "./members/membership.js";
import { MetadataFlow } from "./metadata/metadata-flow.js";
import { noteEarly, noteFidget } from "./peer-claims.js";
import { noteNews } from "./peer-news.js";
import type { ExchangePolicy } from "./members/peer-exchange.js";
import { contentView, peerView } from "./snapshot.js";
import type { SwarmOptions } from "./swarm-options.js";
import type { SwarmState, SwarmView } from "./swarm-view.js";
import { WantTeller } from "./relay/want-teller.js";

const TICK_MS = 1_000;
const SHUTTING_DOWN: Farewell = { code: CLOSE.shuttingDown, message: "shutting down" };

/**
 * One share's peers and pieces. Owns every session, timer and piece of it; all changes happen synchronously in its
 * methods, and what was asynchronous re-enters through one. metadata → checking → downloading → seeding; any → stopped,
 * failed.
 */
export class Swarm implements SessionOwner {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly #options: SwarmOptions;
  readonly #members: Membership;
  readonly #metadata: MetadataFlow;
  readonly #wants: WantTeller;
  readonly #introduction: Introduction;
  #content: Content | undefined;
  /** Undefined until the metainfo is known. */
  #isPrivate: boolean | undefined;
  #state: SwarmState;
  #error: ShoalError | undefined;
  #tickTimer: Timer | undefined;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.infoHash = options.infoHash;
    this.peerId = options.peerId;
    this.#isPrivate = options.metainfo?.isPrivate;
    this.#state = options.metainfo === undefined ? "metadata" : "checking";
    this.#metadata = new MetadataFlow(options.infoHash, options.metainfo?.infoBytes, options.runtime, {
      sessions: () => this.#members.sessions(),
      onMetadata: (infoBytes) => this.#onMetadata(infoBytes),
      onBadMetadata: (sessionId) => this.#members.punish(sessionId, "wrong metadata"),
      onFailed: (error) => this.#failWith(error),
    });
    this.#wants = new WantTeller({
      sessions: () => this.#members.sessions(),
      lacking: () => this.#content?.lacking(),
      isDialing: () => this.#members.isDialing,
    });
    this.#members = new Membership({
      options,
      owner: this,
      amComplete: () => this.#isComplete(),
      isOpen: () => this.#content !== undefined,
      exchangePolicy: () => this.#exchangePolicy(),
      hasEnoughSources: () => this.#hasEnoughSources(),
      isForSomebody: () => this.isCarriedForSomebody,
      hasNews: options.relay && ((session) => this.#content?.lacksAnyOf(session) ?? true),
    });
    this.#introduction = new Introduction({
      options,
      content: () => this.#content,
      facts: () => ({
        metadataSize: this.#metadata.size,
        isComplete: this.#isComplete(),
        isPrivate: this.#isPrivate === true,
      }),
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
    return this.#members.count;
  }

  sessions(): Iterable<PeerSession> {
    return this.#members.sessions();
  }

  /** Addresses of peers, dialled or not, connected or not. */
  knownAddresses(): Iterable<string> {
    return this.#members.knownAddresses();
  }

  /** Links to peers at this address. */
  linksFrom(address: string): number {
    return this.#members.countOfAddress(address);
  }

  /** Of a relay: somebody who has come is connected, another relay wants something, or the share is promised to be kept. */
  get isCarriedForSomebody(): boolean {
    if ((this.#content?.relay?.keptUntilMs ?? 0) > 0) return true;
    for (const { inbound, remote } of this.#members.sessions()) {
      if (remote.isRelay ? remote.isInterested : inbound) return true;
    }
    return false;
  }

  /** Peers to dial; `isTrusted`: whoever names them may name addresses of this machine and its network. */
  addPeers(
    peers: readonly { readonly endpoint: string; readonly peerId?: PeerId | undefined }[],
    isTrusted: boolean,
  ): void {
    if (this.#isRunning()) this.#members.addPeers(peers, isTrusted);
  }

  /** A tracker has named relays, the best first; `isTrusted` as above. */
  addRelays(tracker: string, endpoints: readonly string[], isTrusted: boolean): void {
    if (!this.#isRunning()) return;
    // Relays of one share know each other, as any peers do.
    if (this.#options.relay === undefined) this.#members.addRelays(tracker, endpoints, isTrusted);
    else
      this.addPeers(
        endpoints.map((endpoint) => ({ endpoint })),
        isTrusted,
      );
  }

  /** The metainfo has become known without peers; storage is opened next. False when peers have told it already. */
  describe(infoBytes: Uint8Array): boolean {
    if (this.#state !== "metadata") return false;
    this.#state = "checking";
    this.#metadata.supply(infoBytes);
    return true;
  }

  /** Storage is open: pieces flow from here on. Call once, with the metainfo of this info-hash. */
  adopt(metainfo: Metainfo, store: PieceStore, chosen: Uint32Array): void {
    if (!this.#isRunning()) return;
    invariant(this.#content === undefined, "a swarm adopts its metainfo once");
    this.#isPrivate = metainfo.isPrivate;
    const { runtime, relay, upLimiter, downLimiter, sendBufferBytes, unverified, depth } = this.#options;
    const limits = { upLimiter, downLimiter, sendBufferBytes, unverified, depth };
    this.#content = new Content({ metainfo, store, chosen, runtime, limits, relay, host: this.#contentHost() });
    this.#state = this.#content.isComplete ? "seeding" : "downloading";
    for (const session of [...this.#members.sessions()]) {
      if (this.#introduction.bringIn(session)) this.#members.closeIfBothSeed(session);
    }
    this.#wants.tick(this.#now());
    this.#members.dial();
  }

  /** Ends everything but the store, which the owner closes. Peers are told why. */
  stop(state: "stopped" | "failed" = "stopped", why: Farewell = SHUTTING_DOWN): void {
    if (!this.#isRunning()) return;
    this.#state = state;
    this.#tickTimer?.cancel();
    this.#members.stop(why.code, why.message);
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
    const peers = Array.from(this.#members.sessions(), (session) => peerView(session, now));
    const { candidates, relays } = this.#members;
    return { state: this.#state, error: this.#error, peers, candidates, relays, ...contentView(this.#content, now) };
  }

  onOpen(session: PeerSession): void {
    if (!this.#members.admit(session, this.#isRunning())) return;
    this.#introduction.greet(session);
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
      case "pex":
        this.#members.onPeersTold(session, message.pex);
        return;
      case "upload-only":
        noteFidget(session, this.#now());
        this.#members.closeIfBothSeed(session);
        return;
      default:
        if (!noteNews(session, message, this.#now())) return;
    }
    if (message.type === "piece" || message.type === "request") this.#members.noteUse(session);
    if (this.#content === undefined) noteEarly(session, message);
    else this.#content.onMessage(session, message);
    const tellsAll = message.type === "bitfield" || message.type === "have-all";
    if (tellsAll) this.#wants.tick(this.#now());
    if (message.type === "have" || tellsAll) this.#members.closeIfBothSeed(session);
  }

  landingFor(session: PeerSession, header: BlockHeader): Uint8Array | undefined {
    return this.#content?.download.landingFor(session, header);
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
    if (!this.#members.closed(session, reason)) return;
    this.#metadata.onClosed(session);
    this.#wants.forget(session);
    this.#content?.onClosed(session, reason);
    this.#options.host.onPeer(session, "closed", reason.message);
    if (this.#isRunning()) this.#members.dial();
  }

  /** BEP 27. */
  #exchangePolicy(): ExchangePolicy {
    if (this.#isPrivate === undefined) return "listen";
    return this.#isPrivate ? "off" : "exchange";
  }

  #onExtendedHandshake(session: PeerSession): void {
    if (this.#state === "metadata") this.#metadata.advance();
    if (session.remote.isRelay) {
      this.#members.onRelay(session);
      this.#introduction.onRelay(session);
    }
    this.#content?.onIntroduced(session);
    this.#wants.tick(this.#now());
    this.#members.closeIfBothSeed(session);
  }

  /** Nothing that we want has to come by way of a relay. Before the metainfo is known, any peer will do. */
  #hasEnoughSources(): boolean {
    const unoffered = this.#wants.unoffered(this.#now());
    return unoffered === undefined ? this.#members.count > 0 : unoffered.isEmpty;
  }

  #onMetadata(infoBytes: Uint8Array): void {
    if (this.#state !== "metadata") return;
    this.#state = "checking";
    this.#options.host.onMetadata(infoBytes);
  }

  #contentHost() {
    return {
      sessions: () => this.#members.sessions(),
      isHeldBack: (session: PeerSession) => this.#members.isHeldBack(session),
      onPiece: (piece: PieceIndex, sessionId: number) =>
        this.#options.host.onPiece(piece, this.#members.peerIdOf(sessionId)),
      onLostPiece: (wasWhole: boolean) => {
        if (this.#state === "seeding" && !this.#isComplete()) {
          this.#state = "downloading";
          for (const session of this.#members.sessions()) this.#introduction.tellInterest(session);
        }
        this.#options.host.onLostPiece(wasWhole);
      },
      onComplete: (isFirst: boolean) => this.#onComplete(isFirst),
      onBadData: (sessionId: number, piece: PieceIndex) => this.#members.punish(sessionId, `piece ${piece}`),
      onWarning: (code: string, message: string) => this.#options.host.onWarning(code, message),
      onFailed: (error: unknown) => this.#failWith(error),
    };
  }

  #failWith(error: unknown): void {
    this.fail(isShoalError(error) ? error : new ShoalError("disk", messageOf(error), { cause: error }));
  }

  #onComplete(isFirst: boolean): void {
    this.#state = "seeding";
    for (const session of [...this.#members.sessions()]) {
      this.#content?.download.updateInterest(session);
      this.#introduction.tellInterest(session);
      this.#members.closeIfBothSeed(session);
    }
    this.#options.host.onComplete(isFirst);
  }

  #tick(): void {
    const now = this.#now();
    this.#tickTimer = this.#options.runtime.clock.schedule(TICK_MS, () => this.#tick());
    this.#members.tick(now);
    if (this.#state === "metadata") this.#metadata.advance();
    this.#content?.tick(now);
    this.#wants.tick(now);
  }

  #isComplete(): boolean {
    return this.#content?.isComplete ?? false;
  }

  #isRunning(): boolean {
    return this.#state !== "stopped" && this.#state !== "failed";
  }

  #now(): number {
    return this.#options.runtime.clock.now();
  }
}
