import type { PeerId } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { Clock } from "../../ports/runtime.js";
import { CLOSE } from "../../wire/limits.js";
import type { Connector } from "./connector.js";
import type { Reputation } from "./reputation.js";
import type { Identity, SessionTable } from "./session-table.js";

export interface DisciplineOptions {
  readonly clock: Clock;
  readonly reputation: Reputation;
  readonly sessions: SessionTable;
  readonly connector: Connector;
  readonly onBanned: (peerId: PeerId, reason: string) => void;
}

/**
 * Deals with bad data: one strike closes the link, two ban the peer. Two such peers make their address suspect where no good
 * one shares it: whoever comes from there is asked for nothing that others offer. It is not shut out, since a whole office,
 * or everybody behind a proxy, may have that address.
 */
export class Discipline {
  readonly #options: DisciplineOptions;

  constructor(options: DisciplineOptions) {
    this.#options = options;
  }

  isBanned(session: PeerSession, dialed: string | undefined): boolean {
    const { reputation, clock } = this.#options;
    const { address, peerId } = session;
    return reputation.isBanned(subjectOf({ peerId, address, dialed }), clock.now());
  }

  /** True while a peer comes from a suspect address, and others offer what we lack. */
  isHeldBack(session: PeerSession): boolean {
    if (!this.#isSuspect(session)) return false;
    return this.#options.sessions.offersBesides(session.peerId, (other) => !this.#isSuspect(other));
  }

  /** The peer has broken a rule of the protocol, for which its link was closed. */
  noteMistake(sessionId: number): void {
    const identity = this.#options.sessions.identity(sessionId);
    if (identity !== undefined) this.#options.reputation.mistake(subjectOf(identity), this.#options.clock.now());
  }

  /** `what` was bad, and the peer is told so; its session may be closed by now. */
  punish(sessionId: number, what: string): void {
    const { reputation, sessions, connector, clock, onBanned } = this.#options;
    const identity = sessions.identity(sessionId);
    if (identity === undefined) return;
    const { peerId, address, dialed } = identity;
    const now = clock.now();
    const isOnlyRoute = !sessions.offersBesides(peerId);
    const subject = subjectOf(identity);
    const isBanned = reputation.strike(subject, now, isOnlyRoute);
    if (isBanned && dialed !== undefined) connector.ban(dialed, reputation.bannedUntil(subject));
    sessions.get(sessionId)?.close(CLOSE.badData, what);
    if (!isBanned) return;
    // An office or a machine of many peers is not suspected for one of them: it takes two who are banned.
    if (address !== undefined && !sessions.sharesAddress(address, peerId)) reputation.strike(address, now, isOnlyRoute);
    onBanned(peerId, `bad data twice, last in ${what}`);
  }

  #isSuspect({ address, peerId }: PeerSession): boolean {
    const { reputation, sessions, clock } = this.#options;
    if (address === undefined || !reputation.isBanned(address, clock.now())) return false;
    return !sessions.sharesAddress(address, peerId);
  }
}

/** A peer id alone is no name to ban: anybody may use anybody's. */
function subjectOf({ peerId, address, dialed }: Identity): string {
  return `${peerId}@${address ?? dialed ?? ""}`;
}
