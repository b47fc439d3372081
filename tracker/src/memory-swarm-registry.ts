import type { WireId } from "@shoal/peer-core/announce";
import { EMPTY_SWARM_SECONDS, MAX_SWARMS } from "./limits.js";
import type { RegisteredPeer } from "./registered-peer.js";
import type { SwarmRegistry } from "./swarm-registry.js";
import { Swarm } from "./swarm.js";

/** The embedded registry: a map of swarms in this process. */
export class MemorySwarmRegistry implements SwarmRegistry {
  readonly #swarms = new Map<WireId, Swarm>();
  readonly #maxSwarms: number;
  /** When a sweep first found a swarm empty whose completed downloads are still remembered, in seconds. */
  readonly #emptySince = new Map<Swarm, number>();
  #sweep: Iterator<Swarm> | undefined = undefined;

  constructor(maxSwarms: number = MAX_SWARMS) {
    this.#maxSwarms = maxSwarms;
  }

  get swarmCount(): number {
    return this.#swarms.size;
  }

  get peerCount(): number {
    let count = 0;
    for (const swarm of this.#swarms.values()) count += swarm.peers.length;
    return count;
  }

  get seedCount(): number {
    let count = 0;
    for (const swarm of this.#swarms.values()) count += swarm.seeds;
    return count;
  }

  swarms(): Iterable<Swarm> {
    return this.#swarms.values();
  }

  find(infoHash: WireId): Swarm | undefined {
    return this.#swarms.get(infoHash);
  }

  findOrMake(infoHash: WireId): Swarm | undefined {
    const found = this.#swarms.get(infoHash);
    if (found !== undefined || this.#swarms.size >= this.#maxSwarms) return found;
    const made = new Swarm(infoHash);
    this.#swarms.set(infoHash, made);
    return made;
  }

  remove(peer: RegisteredPeer): void {
    const swarm = peer.swarm === undefined ? undefined : this.#swarms.get(peer.swarm.infoHash);
    if (swarm === undefined) return;
    swarm.delete(peer);
    // One that has completed downloads to tell of is kept for a while: its only seed may be restarting.
    if (swarm.peers.length === 0 && swarm.completed === 0) this.#swarms.delete(swarm.infoHash);
  }

  expire(now: number, budget: number, onExpired: (peer: RegisteredPeer) => void): void {
    // A Map's iterator stays valid while entries come and go, so one sweep spans many calls.
    const sweep = (this.#sweep ??= this.#swarms.values());
    for (let seen = 0; seen < budget;) {
      const next = sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        return;
      }
      seen += 1 + next.value.peers.length;
      this.#expireIn(next.value, now, onExpired);
    }
  }

  #expireIn(swarm: Swarm, now: number, onExpired: (peer: RegisteredPeer) => void): void {
    // From the end, because those that go move the ones behind them.
    for (let at = swarm.peers.length - 1; at >= 0; at--) {
      const peer = swarm.peers[at];
      if (peer === undefined || peer.expiresAt > now) continue;
      swarm.delete(peer);
      onExpired(peer);
    }
    if (swarm.peers.length > 0) {
      this.#emptySince.delete(swarm);
      return;
    }
    const since = this.#emptySince.get(swarm) ?? now;
    this.#emptySince.set(swarm, since);
    if (swarm.completed > 0 && now - since < EMPTY_SWARM_SECONDS) return;
    this.#emptySince.delete(swarm);
    this.#swarms.delete(swarm.infoHash);
  }
}
