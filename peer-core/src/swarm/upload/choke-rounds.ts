import type { PeerSession } from "../../peer/peer-session.js";
import type { Random } from "../../ports/runtime.js";
import { Choker, hasFreeRelaySlot, hasFreeSlot, roundMsFor, slotsAtFirst, slotsFor } from "./choker.js";

export interface ChokeRoundsParts {
  readonly random: Random;
  readonly sessions: () => Iterable<PeerSession>;
  /** Peers served at once; when left out, as many as the line bears. */
  readonly slots?: number | undefined;
  /** True when peers are not served by what they give. */
  readonly servesInTurn: () => boolean;
  readonly mayBeInNeed: (session: PeerSession) => boolean;
  readonly choke: (session: PeerSession) => void;
  readonly unchoke: (session: PeerSession) => void;
}

/** How often it is looked whether the line has become slower. */
const FEWER_SLOTS_MS = 10_000;

/** When it is decided who is served: every few seconds, when a slot has become free, and for newcomers at once. */
export class ChokeRounds {
  readonly #parts: ChokeRoundsParts;
  readonly #choker: Choker;
  #nextRoundAt: number;
  #fewerSlotsAt: number;
  /** Nothing is known of the line yet. */
  #isFirst = true;

  constructor(parts: ChokeRoundsParts, now: number) {
    this.#parts = parts;
    this.#choker = new Choker(parts.random, parts.slots ?? slotsAtFirst(parts.servesInTurn()));
    this.#nextRoundAt = now + roundMsFor(this.#choker.slots);
    this.#fewerSlotsAt = now + FEWER_SLOTS_MS;
  }

  /** Somebody has become interested: served at once while a slot is free. */
  onInterested(session: PeerSession): void {
    if (!session.amChoking) return;
    let served = 0;
    let relays = 0;
    for (const { amChoking, remote } of this.#parts.sessions()) {
      if (amChoking || !remote.isInterested) continue;
      if (remote.isRelay) relays++;
      else served++;
    }
    const isFavoured = session.remote.isRelay && hasFreeRelaySlot(relays);
    if (isFavoured || hasFreeSlot(served, this.#choker.slots)) this.#parts.unchoke(session);
  }

  /** Who was served has gone, or wants nothing more: the next one need not wait for the round. */
  onSlotFreed(session: PeerSession): void {
    if (!session.amChoking) this.#nextRoundAt = Number.NEGATIVE_INFINITY;
  }

  /** To be called about once a second; `bytesPerSecond` is what has been sent lately. */
  tick(now: number, bytesPerSecond: number): void {
    this.#adaptSlots(now, bytesPerSecond);
    if (now < this.#nextRoundAt) return;
    this.#nextRoundAt = now + roundMsFor(this.#choker.slots);
    const decision = this.#choker.round(this.#peers(now), now, this.#parts.servesInTurn());
    const byId = new Map([...this.#parts.sessions()].map((session) => [session.id, session]));
    for (const id of decision.choke) {
      const session = byId.get(id);
      if (session !== undefined) this.#parts.choke(session);
    }
    for (const id of decision.unchoke) {
      const session = byId.get(id);
      if (session !== undefined) this.#parts.unchoke(session);
    }
  }

  /**
   * More slots are filled at once. Fewer they become slowly, one at a time, since a pause is no slow line; only the first
   * number, a guess, gives way at once.
   */
  #adaptSlots(now: number, bytesPerSecond: number): void {
    if (this.#parts.slots !== undefined) return;
    const slots = slotsFor(bytesPerSecond);
    if (slots > this.#choker.slots) {
      this.#choker.slots = slots;
      this.#nextRoundAt = Number.NEGATIVE_INFINITY;
    } else if (now >= this.#fewerSlotsAt && bytesPerSecond > 0) {
      this.#fewerSlotsAt = now + FEWER_SLOTS_MS;
      this.#choker.slots = Math.max(slots, this.#isFirst ? 0 : this.#choker.slots - 1);
      this.#isFirst = false;
    }
  }

  #peers(now: number) {
    return [...this.#parts.sessions()].map((session) => ({
      id: session.id,
      isInterested: session.remote.isInterested,
      isUnchoked: !session.amChoking,
      isRelay: session.remote.isRelay,
      downRate: session.downMeter.bytesPerSecond(now),
      pieces: session.remote.pieces.bitfield?.count ?? 0,
      mayBeInNeed: this.#parts.mayBeInNeed(session),
      since: session.chokedSince,
    }));
  }
}
