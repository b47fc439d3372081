import type { WireId } from "@shoal/peer-core/announce";
import type { AddressScope, ClientAddress } from "./address.js";
import { mayBeTold } from "./address.js";
import { MAX_RELAYS, MAX_RELAYS_TOLD } from "./limits.js";

interface Relay {
  readonly endpoint: string;
  readonly scope: AddressScope;
  readonly hash: number;
  /** Registrations that stand behind it, one per swarm it is in. */
  registrations: number;
}

/**
 * The relays that anybody may be told of, whatever swarm they announced in: a relay joins where it is asked to. Invariant:
 * every entry has at least one registration, or is the hub's own.
 */
export class RelayDirectory {
  readonly #relays = new Map<string, Relay>();

  /** `ownEndpoints` are the hub's, possibly relative to the tracker's URL; they stay for good. */
  constructor(ownEndpoints: readonly string[] = []) {
    for (const endpoint of ownEndpoints) this.add(endpoint, "public");
  }

  get size(): number {
    return this.#relays.size;
  }

  add(endpoint: string, scope: AddressScope): void {
    const known = this.#relays.get(endpoint);
    if (known !== undefined) known.registrations++;
    else if (this.#relays.size < MAX_RELAYS) {
      this.#relays.set(endpoint, { endpoint, scope, hash: hashOf(endpoint), registrations: 1 });
    }
  }

  remove(endpoint: string): void {
    const known = this.#relays.get(endpoint);
    if (known !== undefined && --known.registrations === 0) this.#relays.delete(endpoint);
  }

  /** The best relays for a swarm, the same for everybody who may know the same ones (rendezvous hashing). */
  best(infoHash: WireId, viewer: ClientAddress): readonly string[] {
    if (this.#relays.size === 0) return NO_RELAYS;
    const seed = hashOf(infoHash);
    const ranked: { endpoint: string; score: number }[] = [];
    for (const relay of this.#relays.values()) {
      if (!mayBeTold(relay.scope, viewer.scope)) continue;
      ranked.push({ endpoint: relay.endpoint, score: mix(seed ^ relay.hash) });
    }
    ranked.sort((a, b) => b.score - a.score);
    return ranked.slice(0, MAX_RELAYS_TOLD).map(({ endpoint }) => endpoint);
  }
}

const NO_RELAYS: readonly string[] = [];

/** FNV-1a over UTF-16 code units, 32 bits: fast and even enough to rank by; nothing depends on it being secret. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3: spreads the bits of a xor, which alone would rank similarly for similar hashes. */
function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
