import type { Random } from "../../ports/runtime.js";

/** What the choker needs to know of a peer. Rates in bytes per second. */
export interface ChokerPeer {
  readonly id: number;
  readonly isInterested: boolean;
  readonly isUnchoked: boolean;
  /** It says that it carries pieces for others. */
  readonly isRelay: boolean;
  /** What it sends to us. */
  readonly downRate: number;
  /** How many pieces it says it holds. */
  readonly pieces: number;
  /** It may be served for having little: it gives, and does not hide what it got (`gifts`). */
  readonly mayBeInNeed: boolean;
  /** Since when it has been served, or has been waiting. */
  readonly since: number;
}

export interface ChokeDecision {
  readonly choke: readonly number[];
  readonly unchoke: readonly number[];
}

/** Peers served at once, one of them by chance, however slow the line is … */
const MIN_SLOTS = 8;
/**
 * … and on a fast one: with as many as there are in a crowd of 32 nobody depends on who was first to ask, and the last one
 * comes at 1.10 times the shortest time possible; with sixteen at 1.42.
 */
const MAX_SLOTS = 40;
/** What a slot is worth: with less for each, what a slow line begins to send takes too long to end. */
export const SLOT_BYTES_PER_SECOND = 64 * 1024;
/** Peers that a relay serves at once: it stands where lines are fast, and who waits for a turn has nobody else to ask. */
export const SLOTS_OF_RELAY = 32;
/** Relays served besides: each stands for many peers. Who only says that it is one takes no more than a slot that others do without. */
const RELAY_SLOTS = 2;
/** Of so many slots one is for chance, or for those who are furthest behind. */
const SLOTS_PER_NEED = 8;
/** How long it is before it is decided anew who is served (BEP 3) … */
const ROUND_MS = 10_000;
/** … and on a line with more slots than the fewest, which shows sooner what a peer gives: who has been passed over is behind by less. */
const FAST_ROUND_MS = 3_000;
/** A turn is worth this long: time enough to fill a window, and to show what one can give (BEP 3). */
const TURN_MS = 30_000;

/**
 * Decides who is served. Who still needs something serves those that give most, and one by chance, changed every 30 s,
 * so that newcomers get something to give (BEP 3); with more slots also some who have least, since in a crowd a few are in
 * nobody's list and everybody would wait for them in the end. A seed, which nobody gives anything, serves in turns of 30 s: who
 * has waited longest is next. Two relays are served besides. While there are no more peers than slots, all are served.
 */
export class Choker {
  /** Peers served at once. */
  slots: number;
  readonly #random: Random;
  #optimistic: number | undefined;
  #optimisticSince = Number.NEGATIVE_INFINITY;

  constructor(random: Random, slots: number) {
    this.#random = random;
    this.slots = slots;
  }

  /** To be called every `roundMsFor`, and soon after a slot has become free, with all peers. */
  round(peers: readonly ChokerPeer[], now: number, amSeed: boolean): ChokeDecision {
    const relays = peers.filter((peer) => peer.isInterested && peer.isRelay);
    const favoured = new Set(relays.sort(byWaiting).slice(0, RELAY_SLOTS));
    const interested = peers.filter((peer) => peer.isInterested && !favoured.has(peer));
    const served = amSeed ? inTurn(interested, now, this.slots) : this.#byMerit(interested, now);
    for (const relay of favoured) served.add(relay.id);
    return {
      choke: peers.filter((peer) => peer.isUnchoked && !served.has(peer.id)).map((peer) => peer.id),
      unchoke: peers.filter((peer) => !peer.isUnchoked && served.has(peer.id)).map((peer) => peer.id),
    };
  }

  #byMerit(interested: readonly ChokerPeer[], now: number): Set<number> {
    const needy = Math.max(0, Math.floor(this.slots / SLOTS_PER_NEED) - 1);
    const best = this.slots - 1 - needy;
    const ranked = [...interested].sort((a, b) => b.downRate - a.downRate || a.id - b.id);
    const served = new Set(ranked.slice(0, best).map((peer) => peer.id));
    for (const id of this.#inNeed(ranked.slice(best), needy)) served.add(id);
    const optimistic = this.#chooseOptimistic(
      ranked.filter((peer) => !served.has(peer.id)).map((peer) => peer.id),
      now,
    );
    if (optimistic !== undefined) served.add(optimistic);
    return served;
  }

  /** So many of those who have least; equals by lot, or all peers would choose the same. */
  #inNeed(rest: readonly ChokerPeer[], count: number): number[] {
    const drawn = rest.filter(({ mayBeInNeed }) => mayBeInNeed).map((peer) => ({ ...peer, lot: this.#random.float() }));
    drawn.sort((a, b) => a.pieces - b.pieces || a.lot - b.lot);
    return drawn.slice(0, count).map(({ id }) => id);
  }

  #chooseOptimistic(rest: readonly number[], now: number): number | undefined {
    const isStale = now - this.#optimisticSince >= TURN_MS;
    if (!isStale && this.#optimistic !== undefined && rest.includes(this.#optimistic)) return this.#optimistic;
    const others = rest.filter((id) => id !== this.#optimistic);
    const choice = others.length > 0 ? others : rest;
    this.#optimistic = choice[Math.floor(this.#random.float() * choice.length)];
    this.#optimisticSince = now;
    return this.#optimistic;
  }
}

/** Those who are served stay; then who has waited longest. */
function byWaiting(a: ChokerPeer, b: ChokerPeer): number {
  return Number(b.isUnchoked) - Number(a.isUnchoked) || a.since - b.since || a.id - b.id;
}

/** Those whose turn is not over, then who has waited longest, then those whose turn is over: as many as there are slots. */
function inTurn(interested: readonly ChokerPeer[], now: number, slots: number): Set<number> {
  const rank = (peer: ChokerPeer) => (!peer.isUnchoked ? 1 : now - peer.since < TURN_MS ? 0 : 2);
  const ranked = [...interested].sort((a, b) => rank(a) - rank(b) || a.since - b.since || a.id - b.id);
  return new Set(ranked.slice(0, slots).map((peer) => peer.id));
}

/** True while a relay that has just become interested may be served whoever else is: `served` other relays are. */
export function hasFreeRelaySlot(served: number): boolean {
  return served < RELAY_SLOTS;
}

/** True while somebody who has just become interested may be served between rounds: `served` others are, of so many `slots`. */
export function hasFreeSlot(served: number, slots: number): boolean {
  return served < slots;
}

/**
 * How many to serve at once while nothing is known of the line. Of a seed all get something of their own to pass on; of
 * others few: all would ask the first that has a piece, and wait for each other there.
 */
export function slotsAtFirst(servesInTurn: boolean): number {
  return servesInTurn ? MAX_SLOTS : MIN_SLOTS;
}

/** How many to serve at once with a line that carries so much. */
export function slotsFor(bytesPerSecond: number): number {
  return Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, Math.floor(bytesPerSecond / SLOT_BYTES_PER_SECOND)));
}

/** How long after one round the next is due, with so many slots. */
export function roundMsFor(slots: number): number {
  return slots > MIN_SLOTS ? FAST_ROUND_MS : ROUND_MS;
}
