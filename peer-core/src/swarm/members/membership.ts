import { isLoopbackHost } from "../../base/host-scope.js";
import type { PeerId } from "../../base/ids.js";
import type { PeerSession, SessionOwner } from "../../peer/peer-session.js";
import type { CloseReason } from "../../ports/connection.js";
import type { PexMessage } from "../../wire/extensions/pex-message.js";
import { CLOSE } from "../../wire/limits.js";
import { Connector } from "./connector.js";
import { DialedLinks, type LinkFate } from "./dialed-links.js";
import { Discipline } from "./discipline.js";
import { doorsOf } from "./door.js";
import { PeerExchange, type ExchangePolicy } from "./peer-exchange.js";
import { RelayKeeper } from "../relay/relay-keeper.js";
import { SessionTable, staysOf } from "./session-table.js";
import type { SwarmOptions } from "../swarm-options.js";
import type { RelayView } from "../swarm-view.js";
import { Usefulness } from "./usefulness.js";

export interface MembershipParts {
  readonly options: SwarmOptions;
  readonly owner: SessionOwner;
  /** Everything that we want is here. */
  readonly amComplete: () => boolean;
  /** The metainfo is known and storage is open. */
  readonly isOpen: () => boolean;
  readonly exchangePolicy: () => ExchangePolicy;
  /** Peers connected directly offer all that we want. */
  readonly hasEnoughSources: () => boolean;
  /** Of a relay: see `Swarm.isCarriedForSomebody`. */
  readonly isForSomebody: () => boolean;
  /** Of a relay: a peer holds a piece that is not here, wanted or not. */
  readonly hasNews: ((session: PeerSession) => boolean) | undefined;
}

const MAX_SESSIONS = 200;
/** Of these from one address, behind which there may be many people. */
const MAX_PER_ADDRESS = 32;
/** A peer that others can dial looks for a relay when nobody has had what it wants for so long. */
const WITHOUT_SOURCES_MS = 10_000;

/** Who belongs to a swarm: dials peers, admits those that come, and sends away who does harm or is of no use. */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #sessions = new SessionTable();
  readonly #dialed = new DialedLinks();
  readonly #connector: Connector;
  readonly #discipline: Discipline;
  readonly #usefulness: Usefulness;
  readonly #exchange: PeerExchange;
  /** Undefined for a relay, which needs none. */
  readonly #keeper: RelayKeeper | undefined;
  readonly #fate: LinkFate;
  #enoughSourcesAt: number;

  constructor(parts: MembershipParts) {
    const { options, owner, amComplete, exchangePolicy } = parts;
    const { clock } = options.runtime;
    const sessions = this.#sessions;
    this.#parts = parts;
    this.#enoughSourcesAt = clock.now();
    this.#fate = { removeOwn: (address) => connector.removeOwn(address), lost: (...link) => this.#onLinkLost(...link) };
    const connector = new Connector({
      runtime: options.runtime,
      dialer: options.dialer,
      hasRoom: (dialing) => this.#hasRoom() && !this.#hasEnough(dialing),
      isConnectedTo: (peerId) => peerId === owner.peerId || sessions.ofPeer(peerId) !== undefined,
      openDoors: () => this.#openDoors(),
      isTaken: (address) => this.#keeper?.knows(address) === true,
      avoidsSeeds: amComplete,
      onConnection: (connection, address) => this.#dialed.open(connection, address, { owner, clock, fate: this.#fate }),
    });
    this.#connector = connector;
    this.#discipline = new Discipline({
      clock,
      sessions,
      connector,
      reputation: options.reputation,
      onBanned: (peerId, reason) => options.host.onBanned(peerId, reason),
    });
    this.#usefulness = new Usefulness({
      ...parts,
      asksToKeep: options.asksToKeep,
      amDialable: () => this.#amDialable(),
    });
    this.#keeper = options.relay === undefined ? this.#createKeeper() : undefined;
    this.#exchange = new PeerExchange({
      sessions: () => sessions.all(),
      dialedAddress: (session) => this.#dialed.addressOf(session),
      policy: exchangePolicy,
      onPeers: (peers) => {
        for (const { endpoint, isSeed } of peers) connector.add(endpoint, { isSeed, isTrusted: true });
        this.dial();
      },
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  get isDialing(): boolean {
    return this.#connector.isDialing;
  }

  /** Addresses known and not connected. */
  get candidates(): number {
    return this.#connector.idleCount;
  }

  knownAddresses(): Iterable<string> {
    return this.#connector.addresses();
  }

  /** Relays that are known, and what came of them. */
  get relays(): readonly RelayView[] {
    return this.#keeper?.view() ?? [];
  }

  countOfAddress(address: string): number {
    return this.#sessions.countOfAddress(address);
  }

  sessions(): Iterable<PeerSession> {
    return this.#sessions.all();
  }

  /** Who is or was behind a session; undefined where that is forgotten. */
  peerIdOf(sessionId: number): PeerId | undefined {
    return this.#sessions.identity(sessionId)?.peerId;
  }

  /** Peers to dial; `isTrusted`: whoever names them may name addresses of this machine and its network. */
  addPeers(
    peers: readonly { readonly endpoint: string; readonly peerId?: PeerId | undefined }[],
    isTrusted: boolean,
  ): void {
    for (const { endpoint, peerId } of peers) {
      if (peerId !== this.#parts.owner.peerId) this.#connector.add(endpoint, { peerId, isTrusted });
    }
    this.dial();
  }

  /** A tracker has named relays, the best first. */
  addRelays(tracker: string, endpoints: readonly string[], isTrusted: boolean): void {
    this.#keeper?.told(tracker, endpoints, isTrusted);
    this.#keeper?.tick();
  }

  /** A peer says that it is a relay: whoever keeps one link to one counts it, whyever it was dialled. */
  onRelay(session: PeerSession): void {
    const address = this.#dialed.addressOf(session);
    if (address !== undefined && !this.#amDialable()) this.#keeper?.adopt(address);
  }

  /** A peer has told of others (BEP 11). */
  onPeersTold(session: PeerSession, message: PexMessage): void {
    this.#exchange.onMessage(session, message, this.#now());
  }

  /** Dials what is due. */
  dial(): void {
    this.#connector.tick(this.#now());
    this.#keeper?.tick();
  }

  /** Takes in a session that has shaken hands, or closes it: false. */
  admit(session: PeerSession, isRunning: boolean): boolean {
    const dialed = this.#dialed.addressOf(session);
    if (dialed !== undefined) this.#connector.identified(dialed, session.peerId);
    const refusal = isRunning ? this.#refusal(session, dialed) : { code: CLOSE.shuttingDown, message: "shutting down" };
    if (refusal !== undefined) {
      session.close(refusal.code, refusal.message);
      return false;
    }
    this.#sessions.add(session, dialed);
    this.noteUse(session);
    return true;
  }

  /** A session has ended; false when it had never been admitted. */
  closed(session: PeerSession, reason: CloseReason): boolean {
    const wasAdmitted = this.#sessions.get(session.id) === session;
    if (wasAdmitted && !reason.remote && reason.code === CLOSE.protocolError) this.#discipline.noteMistake(session.id);
    if (wasAdmitted) this.#sessions.remove(session, session.peerId, this.#now());
    this.#dialed.closed(session, reason, this.#fate);
    this.#usefulness.forget(session);
    this.#exchange.forget(session);
    return wasAdmitted;
  }

  /** Nothing is to be asked of a peer, for what others from its address have done. */
  isHeldBack(session: PeerSession): boolean {
    return this.#discipline.isHeldBack(session);
  }

  /** Bad data was sent in this session, which may be closed by now; the peer is told `what`. */
  punish(sessionId: number, what: string): void {
    this.#discipline.punish(sessionId, what);
  }

  /** Something of use has passed. */
  noteUse(session: PeerSession): void {
    this.#usefulness.note(session, this.#now());
  }

  closeIfBothSeed(session: PeerSession): void {
    this.#usefulness.closeIfBothSeed(session);
  }

  /** To be called about once a second. */
  tick(now: number): void {
    for (const session of [...this.#sessions.all()]) {
      session.heartbeat(now);
      if (session.isActive) this.#usefulness.closeIfIdle(session, now);
    }
    this.#exchange.tick(now);
    this.#connector.tick(now);
    if (this.#parts.hasEnoughSources()) this.#enoughSourcesAt = now;
    this.#keeper?.tick();
  }

  /** Dials nobody any more and closes every link. */
  stop(code: number, why: string): void {
    this.#connector.stop();
    this.#keeper?.stop();
    for (const session of [...this.#sessions.all()]) session.close(code, why);
    this.#dialed.stop(code, why);
  }

  #createKeeper(): RelayKeeper {
    const { options, owner } = this.#parts;
    const { runtime, dialer, relays } = options;
    return new RelayKeeper({
      runtime,
      dialer,
      relays,
      // Nobody could find us otherwise, also when we only give.
      isNeeded: () =>
        options.asksToKeep || !this.#amDialable() || this.#now() - this.#enoughSourcesAt >= WITHOUT_SOURCES_MS,
      hasRoom: () => this.#hasRoom(),
      onConnection: (connection, address) =>
        this.#dialed.open(connection, address, { owner, clock: runtime.clock, fate: this.#fate }),
      onReplaced: (address) => this.#sessionTo(address)?.close(CLOSE.done, "a better relay is back"),
    });
  }

  #onLinkLost(address: string, isSeed: boolean, reason: CloseReason): void {
    this.#connector.lost(address, isSeed);
    this.#keeper?.lost(address, reason);
  }

  #sessionTo(address: string): PeerSession | undefined {
    return [...this.#sessions.all()].find((session) => this.#dialed.addressOf(session) === address);
  }

  #amDialable(): boolean {
    const { port, endpoint } = this.#parts.options.listen();
    return port !== undefined || endpoint !== undefined;
  }

  #openDoors(): string[] {
    return [...this.#sessions.all()].flatMap((session) => doorsOf(session, this.#dialed.addressOf(session)));
  }

  /** Why a session is not admitted. An older link to the same peer may have to go instead. */
  #refusal(session: PeerSession, dialed: string | undefined): { code: number; message: string } | undefined {
    if (this.#discipline.isBanned(session, dialed)) return { code: CLOSE.badData, message: "banned for bad data" };
    const older = this.#sessions.ofPeer(session.peerId);
    if (older !== undefined) {
      const stays = staysOf(older, session, this.#parts.owner.peerId, this.#now());
      if (stays === older) return { code: CLOSE.duplicate, message: "already connected" };
      older.close(CLOSE.duplicate, "replaced by another link");
    }
    return this.#hasRoomFor(session) ? undefined : { code: CLOSE.overQuota, message: "too many peers" };
  }

  /** A full swarm, or a full client, makes room by closing the link that has been of no use for longest. */
  #hasRoomFor(session: PeerSession): boolean {
    const { address } = session;
    const isLocal = address !== undefined && isLoopbackHost(address);
    if (address !== undefined && !isLocal && this.#sessions.countOfAddress(address) >= MAX_PER_ADDRESS) return false;
    if (this.#hasRoom()) return true;
    const useless = this.#usefulness.leastUseful(this.#sessions.all());
    useless?.close(CLOSE.overQuota, "making room for others");
    return useless !== undefined;
  }

  #hasRoom(): boolean {
    return this.#sessions.size < MAX_SESSIONS && this.#parts.options.hasRoomForConnection();
  }

  /**
   * Nobody else need be dialled. Whoever gives goes to all who may want something, and a relay to all while somebody has come
   * for the share: two relays that nobody needs would call each other back as often as one of them leaves it.
   */
  #hasEnough(dialing: number): boolean {
    const { amComplete, isForSomebody, options } = this.#parts;
    if (options.relay !== undefined) return !isForSomebody();
    return !amComplete() && this.#sessions.hasEnough(this.#now(), dialing);
  }

  #now(): number {
    return this.#parts.options.runtime.clock.now();
  }
}
