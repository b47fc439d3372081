import { isLoopbackHost } from "../../base/host-scope.js";
import type { PeerId } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { DEAD_FOREIGN_MS } from "../../wire/limits.js";
import { SLOT_BYTES_PER_SECOND } from "../upload/choker.js";

/** Who was behind a session: kept for a while after one that sent us something has closed, since a bad piece may be found out later. */
export interface Identity {
  readonly peerId: PeerId;
  readonly address: string | undefined;
  /** What was dialled, for a link that we opened. */
  readonly dialed: string | undefined;
}

/** Closed sessions that are remembered, and for how long: a piece that they had a part in is whole and hashed long before. */
const MAX_CLOSED = 1_024;
const CLOSED_KEPT_MS = 10 * 60_000;
/**
 * A silent link is given up for a new one of the same peer after this long: our own kind sends something every 20 s. A
 * stranger may be silent for longer, and then only who comes from its own address may take its place.
 */
const STALE_MS = 25_000;
/** Two links opened within this time of each other come of both sides dialling at once. */
const SIMULTANEOUS_MS = 10_000;

/**
 * Links that suffice. Fewer than a peer on a fast line serves at once: so everybody has a place with all its partners, what
 * each of them sends is soon whole, and a crowd tells each other of pieces much less often than if all were linked.
 */
const ENOUGH = 20;
/** … where those that stand bring less, each, than a slot is worth. */
const ENOUGH_SLOW = 24;
/**
 * Each link that is being opened counts for itself and for one that somebody opens to us meanwhile. Otherwise, in a crowd that comes
 * together, whoever is first ends with twice as many as the last, whom nobody serves enough.
 */
const LINKS_PER_DIAL = 2;
/** A peer may take so long until it has something for us, or a place. */
const NEW_MS = 10_000;

/** The open sessions of a swarm, one per peer, and who they are. */
export class SessionTable {
  readonly #sessions = new Map<number, PeerSession>();
  readonly #byPeer = new Map<PeerId, PeerSession>();
  readonly #identities = new Map<number, Identity>();
  /** Of those whose identities are kept, when each has closed, in this order. */
  readonly #closedAt = new Map<number, number>();

  get size(): number {
    return this.#sessions.size;
  }

  all(): Iterable<PeerSession> {
    return this.#sessions.values();
  }

  get(sessionId: number): PeerSession | undefined {
    return this.#sessions.get(sessionId);
  }

  ofPeer(peerId: PeerId): PeerSession | undefined {
    return this.#byPeer.get(peerId);
  }

  identity(sessionId: number): Identity | undefined {
    return this.#identities.get(sessionId);
  }

  add(session: PeerSession, dialed: string | undefined): void {
    const { id, peerId, address } = session;
    this.#sessions.set(id, session);
    this.#byPeer.set(peerId, session);
    this.#identities.set(id, { peerId, address, dialed });
  }

  remove(session: PeerSession, peerId: PeerId, now: number): void {
    this.#sessions.delete(session.id);
    // Nothing bad can be found out later of who sent nothing.
    if (session.downMeter.total === 0) this.#identities.delete(session.id);
    else this.#closedAt.set(session.id, now);
    this.#forgetClosed(now);
    if (this.#byPeer.get(peerId) === session) this.#byPeer.delete(peerId);
  }

  /** True when another peer comes from this address and has sent us something: the address is then not suspect. */
  sharesAddress(address: string, except: PeerId): boolean {
    for (const session of this.#sessions.values()) {
      if (session.address === address && session.peerId !== except && session.downMeter.total > 0) return true;
    }
    return false;
  }

  /** True when a peer other than this one, and one that counts, is willing to send us something that we lack. */
  offersBesides(peerId: PeerId, counts: (session: PeerSession) => boolean = () => true): boolean {
    for (const session of this.#sessions.values()) {
      if (isWilling(session) && session.peerId !== peerId && counts(session)) return true;
    }
    return false;
  }

  /**
   * True when so many serve us, or have come so lately that they may yet, or are being dialled, that nobody else need be
   * asked. Those of one address count once: one machine that comes again and again must not keep us from all others.
   */
  hasEnough(now: number, dialing: number): boolean {
    const places = new Set<string | number>();
    let tried = 0;
    let bytesPerSecond = 0;
    for (const session of this.#sessions.values()) {
      const isNew = now - (session.openedAt ?? now) < NEW_MS;
      if (!isNew && !isWilling(session)) continue;
      places.add(placeOf(session));
      if (isNew) continue;
      tried++;
      bytesPerSecond += session.downMeter.bytesPerSecond(now);
    }
    const isSlow = bytesPerSecond < tried * SLOT_BYTES_PER_SECOND;
    return places.size + dialing * LINKS_PER_DIAL >= (isSlow ? ENOUGH_SLOW : ENOUGH);
  }

  countOfAddress(address: string): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.address === address) count++;
    return count;
  }

  #forgetClosed(now: number): void {
    for (const [id, closedAt] of this.#closedAt) {
      if (this.#closedAt.size <= MAX_CLOSED && now - closedAt < CLOSED_KEPT_MS) return;
      this.#closedAt.delete(id);
      this.#identities.delete(id);
    }
  }
}

/** It holds what we lack, and sends it. */
function isWilling({ amInterested, remote, requests }: PeerSession): boolean {
  return amInterested && !remote.isChoking && !requests.isSnubbed;
}

/** Its address, if that tells it from others: a browser knows none, and on this machine all have the same. */
function placeOf({ id, address }: PeerSession): string | number {
  return address === undefined || isLoopbackHost(address) ? id : address;
}

/**
 * Which of two links to one peer stays. Peer ids are public, so a newcomer does not replace a link because of its id
 * alone: only one that has gone silent; or when both sides have just dialled each other, where the link dialled by the
 * lower peer id stays.
 */
export function staysOf(older: PeerSession, newer: PeerSession, ownId: PeerId, now: number): PeerSession {
  const isOurKind = older.remote.blockMax !== undefined;
  const staleMs = isOurKind || sameAddress(older, newer) ? STALE_MS : DEAD_FOREIGN_MS;
  if (older.silentMs(now) > staleMs) return newer;
  const justOpened = now - (older.openedAt ?? now) < SIMULTANEOUS_MS;
  if (older.inbound === newer.inbound || !(justOpened || sameAddress(older, newer))) return older;
  const weAreLower = ownId < newer.peerId;
  return newer.inbound === weAreLower ? older : newer;
}

function sameAddress(a: PeerSession, b: PeerSession): boolean {
  return a.address !== undefined && a.address === b.address;
}
