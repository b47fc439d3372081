import type { RegisteredPeer } from "./registered-peer.js";

/** Which of a peer's two places a pool keeps. */
export type SlotKind = "dialSlot" | "offerSlot";

/**
 * A set of peers from which random ones are drawn in constant time each. Invariant: every member's slot is its index.
 * Drawing reorders members and copies nothing.
 */
export class PeerPool {
  readonly #slot: SlotKind;
  #members: RegisteredPeer[] = NO_MEMBERS;

  constructor(slot: SlotKind) {
    this.#slot = slot;
  }

  get size(): number {
    return this.#members.length;
  }

  has(peer: RegisteredPeer): boolean {
    return this.#members[peer[this.#slot]] === peer;
  }

  add(peer: RegisteredPeer): void {
    if (this.has(peer)) return;
    if (this.#members === NO_MEMBERS) this.#members = [];
    peer[this.#slot] = this.#members.length;
    this.#members.push(peer);
  }

  delete(peer: RegisteredPeer): void {
    if (!this.has(peer)) return;
    const index = peer[this.#slot];
    const last = this.#members.pop();
    if (last !== undefined && last !== peer) {
      this.#members[index] = last;
      last[this.#slot] = index;
    }
    peer[this.#slot] = -1;
    if (this.#members.length === 0) this.#members = NO_MEMBERS;
  }

  /**
   * Moves a random member from the undrawn part (index `drawn` and above) to index `drawn` and returns it: one step of
   * Fisher and Yates, in place.
   */
  draw(drawn: number, random: () => number): RegisteredPeer | undefined {
    const members = this.#members;
    const index = drawn + Math.floor(random() * (members.length - drawn));
    const chosen = members[index];
    const moved = members[drawn];
    if (chosen === undefined || moved === undefined) return undefined;
    members[index] = moved;
    members[drawn] = chosen;
    moved[this.#slot] = index;
    chosen[this.#slot] = drawn;
    return chosen;
  }
}

/** Most pools are empty: they share one array, which nobody pushes to. */
const NO_MEMBERS: RegisteredPeer[] = [];
