import { insertedAt, removedAt } from "./peer-list.js";
import type { RegisteredPeer } from "./registered-peer.js";

/** Which of a peer's two places a pool keeps. */
export type SlotKind = "dialSlot" | "offerSlot";

/**
 * A set of peers from which random ones are drawn in constant time each. Invariant: every member's slot is its index. A
 * plain array, since a swarm has four of them and most are empty: those share `NO_PEERS`.
 */
export type PeerPool = RegisteredPeer[];

/** The two pools of one kind that a swarm has. */
export interface PeerPools {
  readonly seeds: PeerPool;
  readonly leeches: PeerPool;
  readonly slot: SlotKind;
}

/** The pool with the peer in it; to be used instead of the one passed, which may have been changed. */
export function withPeer(pool: PeerPool, peer: RegisteredPeer, slot: SlotKind): PeerPool {
  if (pool[peer[slot]] === peer) return pool;
  peer[slot] = pool.length;
  return insertedAt(pool, pool.length, peer);
}

/** The pool without the peer; to be used instead of the one passed, which may have been changed. */
export function withoutPeer(pool: PeerPool, peer: RegisteredPeer, slot: SlotKind): PeerPool {
  const index = peer[slot];
  if (pool[index] !== peer) return pool;
  const last = pool.at(-1);
  if (last !== undefined && last !== peer) {
    pool[index] = last;
    last[slot] = index;
  }
  peer[slot] = -1;
  return removedAt(pool, pool.length - 1);
}

/**
 * Moves a random member from the undrawn part (index `drawn` and above) to index `drawn` and returns it: one step of
 * Fisher and Yates, in place.
 */
export function drawPeer(
  { pool, slot, random }: { readonly pool: PeerPool; readonly slot: SlotKind; readonly random: () => number },
  drawn: number,
): RegisteredPeer | undefined {
  const index = drawn + Math.floor(random() * (pool.length - drawn));
  const chosen = pool[index];
  const moved = pool[drawn];
  if (chosen === undefined || moved === undefined) return undefined;
  pool[index] = moved;
  pool[drawn] = chosen;
  moved[slot] = index;
  chosen[slot] = drawn;
  return chosen;
}
