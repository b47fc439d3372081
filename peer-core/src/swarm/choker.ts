import type { Random } from "../ports/runtime.js";

/** What the choker needs to know of a peer. Rates in bytes per second. */
export interface ChokerPeer {
  readonly id: number;
  readonly isInterested: boolean;
  readonly isUnchoked: boolean;
  /** What it sends to us. */
  readonly downRate: number;
  /** What we send to it. */
  readonly upRate: number;
}

export interface ChokeDecision {
  readonly choke: readonly number[];
  readonly unchoke: readonly number[];
}

/** Peers served at once by merit; one more is served by chance. */
export const REGULAR_SLOTS = 7;
/** A chance is worth this long: time enough to show what one can give (BEP 3). */
const OPTIMISTIC_MS = 30_000;

/**
 * Decides who is served: the interested peers that give most (a seed: that take fastest), and one by chance, changed
 * every 30 s, so that newcomers get something to give (BEP 3). While there are no more peers than slots, all are served.
 */
export class Choker {
  readonly #random: Random;
  #optimistic: number | undefined;
  #optimisticSince = Number.NEGATIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** To be called every ten seconds with all peers. */
  round(peers: readonly ChokerPeer[], now: number, amSeed: boolean): ChokeDecision {
    const rate = (peer: ChokerPeer) => (amSeed ? peer.upRate : peer.downRate);
    const interested = peers.filter((peer) => peer.isInterested);
    const ranked = [...interested].sort((a, b) => rate(b) - rate(a) || a.id - b.id);
    const served = new Set(ranked.slice(0, REGULAR_SLOTS).map((peer) => peer.id));
    const rest = ranked.slice(REGULAR_SLOTS).map((peer) => peer.id);
    const optimistic = this.#chooseOptimistic(rest, now);
    if (optimistic !== undefined) served.add(optimistic);
    return {
      choke: peers.filter((peer) => peer.isUnchoked && !served.has(peer.id)).map((peer) => peer.id),
      unchoke: peers.filter((peer) => !peer.isUnchoked && served.has(peer.id)).map((peer) => peer.id),
    };
  }

  /** Somebody has become interested between rounds: served at once while a slot is free. */
  mayUnchokeNow(peers: readonly ChokerPeer[]): boolean {
    return peers.filter((peer) => peer.isUnchoked && peer.isInterested).length <= REGULAR_SLOTS;
  }

  #chooseOptimistic(rest: readonly number[], now: number): number | undefined {
    const isStale = now - this.#optimisticSince >= OPTIMISTIC_MS;
    if (!isStale && this.#optimistic !== undefined && rest.includes(this.#optimistic)) return this.#optimistic;
    const others = rest.filter((id) => id !== this.#optimistic);
    const choice = others.length > 0 ? others : rest;
    this.#optimistic = choice[Math.floor(this.#random.float() * choice.length)];
    this.#optimisticSince = now;
    return this.#optimistic;
  }
}
