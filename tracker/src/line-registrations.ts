import type { WireId } from "@shoal/peer-core/announce";
import type { PeerLookup, PeerRegistrations, PeerSource, RegisteredPeer } from "./registered-peer.js";

/**
 * A chain through the registrations, since a map would cost 30 to 60 bytes for each. They stay until the line closes, so
 * that stopping and starting does not renew allowances. Invariant: one that its swarm does not list is in `#unlisted`.
 */
export class LineRegistrations implements PeerRegistrations {
  /** Who was last new here. */
  #source: PeerSource | undefined = undefined;
  #last: RegisteredPeer | undefined = undefined;
  #size = 0;
  #hasSeveralSources = false;
  /** By info-hash and peer id one after the other; made for the first of them. */
  #unlisted: Map<string, RegisteredPeer> | undefined = undefined;

  get size(): number {
    return this.#size;
  }

  sourceOf(peerId: WireId, make: () => PeerSource): PeerSource {
    if (this.#source?.peerId === peerId) return this.#source;
    if (this.#source !== undefined) this.#hasSeveralSources = true;
    return (this.#source = make());
  }

  add(peer: RegisteredPeer): void {
    peer.previousOnLine = this.#last;
    this.#last = peer;
    this.#size++;
  }

  find(swarm: PeerLookup, peerId: WireId): RegisteredPeer | undefined {
    const listed = swarm.find(peerId);
    if (listed?.line?.registrations === this) return listed;
    return this.#unlisted?.get(swarm.infoHash + peerId);
  }

  firstIn(swarm: PeerLookup): RegisteredPeer | undefined {
    if (this.#source !== undefined && !this.#hasSeveralSources) {
      const only = swarm.find(this.#source.peerId);
      return only?.line?.registrations === this ? only : undefined;
    }
    let first: RegisteredPeer | undefined = undefined;
    for (let peer = this.#last; peer !== undefined; peer = peer.previousOnLine) if (peer.swarm === swarm) first = peer;
    return first;
  }

  onUnlisted(infoHash: WireId, peer: RegisteredPeer): void {
    if (this.#last !== undefined) (this.#unlisted ??= new Map()).set(infoHash + peer.peerId, peer);
  }

  *takeAll(): IterableIterator<RegisteredPeer> {
    let peer = this.#last;
    this.#last = this.#unlisted = undefined;
    this.#size = 0;
    for (; peer !== undefined; peer = peer.previousOnLine) yield peer;
  }
}
