import type { WireId } from "@shoal/peer-core/announce";
import type { RegisteredPeer } from "./registered-peer.js";
import type { Swarm } from "./swarm.js";

/**
 * Who is in which swarm: soft state, gone with the process. Synchronous, because every announce needs it and it is in
 * memory; an adapter that shares swarms between processes keeps a copy and spreads the changes.
 *
 * `now` is in whole seconds of one clock, and never goes back.
 */
export interface SwarmRegistry {
  readonly swarmCount: number;
  readonly peerCount: number;
  readonly seedCount: number;
  swarms(): Iterable<Swarm>;
  find(infoHash: WireId): Swarm | undefined;
  /** The swarm of that info-hash, made when there is room; an empty one that stays empty is forgotten by `expire`. */
  findOrMake(infoHash: WireId): Swarm | undefined;
  /** Unlists a peer; a swarm that is empty then is forgotten, at once or, where it has completed downloads to tell of, later. */
  remove(peer: RegisteredPeer): void;
  /**
   * Unlists peers whose time has passed, looking at about `budget` peers and going on from there at the next call.
   * `onExpired` hears of each.
   */
  expire(now: number, budget: number, onExpired: (peer: RegisteredPeer) => void): void;
}
