import type { WireId } from "@shoal/peer-core/announce";
import { MAX_PEERS_PER_SWARM } from "./limits.js";
import { insertedAt, NO_PEERS, positionOf, removedAt } from "./peer-list.js";
import type { PeerPool, PeerPools, SlotKind } from "./peer-pool.js";
import { withoutPeer, withPeer } from "./peer-pool.js";
import type { PeerStanding, RegisteredPeer, SwarmListing } from "./registered-peer.js";

/**
 * The peers of one info-hash. Invariant: `seeds` and `leeches` count the listed peers, relays among them only when they
 * hold everything; a peer is in the dial pools once its endpoint was checked, in the offer pools while it takes offers.
 */
export class Swarm implements SwarmListing {
  readonly infoHash: WireId;
  #peers = NO_PEERS;
  #dialableSeeds: PeerPool = NO_PEERS;
  #dialableLeeches: PeerPool = NO_PEERS;
  #offerSeeds: PeerPool = NO_PEERS;
  #offerLeeches: PeerPool = NO_PEERS;
  #relays: Set<RegisteredPeer> | undefined = undefined;
  seeds = 0;
  leeches = 0;
  /** Downloads completed here since the swarm was formed. */
  completed = 0;

  constructor(infoHash: WireId) {
    this.infoHash = infoHash;
  }

  get peers(): readonly RegisteredPeer[] {
    return this.#peers;
  }

  /** Peers with a checked endpoint. */
  get dialable(): PeerPools {
    return { seeds: this.#dialableSeeds, leeches: this.#dialableLeeches, slot: "dialSlot" };
  }

  /** Peers that speak WebRTC. */
  get offerable(): PeerPools {
    return { seeds: this.#offerSeeds, leeches: this.#offerLeeches, slot: "offerSlot" };
  }

  get isFull(): boolean {
    return this.#peers.length >= MAX_PEERS_PER_SWARM;
  }

  /** The relays in this swarm, checked or not. */
  get relays(): Iterable<RegisteredPeer> {
    return this.#relays ?? NO_PEERS;
  }

  find(peerId: WireId): RegisteredPeer | undefined {
    const found = this.#peers[positionOf(this.#peers, peerId)];
    return found?.peerId === peerId ? found : undefined;
  }

  /** Lists a peer, in the place of an older registration of the same id if there is one. */
  add(peer: RegisteredPeer): void {
    const older = this.find(peer.peerId);
    if (older === peer) return;
    if (older !== undefined) this.delete(older);
    this.#peers = insertedAt(this.#peers, positionOf(this.#peers, peer.peerId), peer);
    peer.swarm = this;
    this.#count(peer, 1);
    this.#place(peer);
  }

  /** Unlists a peer; one that was replaced already removes nothing. */
  delete(peer: RegisteredPeer): void {
    if (peer.swarm !== this) return;
    this.#unplace(peer);
    this.#count(peer, -1);
    this.#peers = removedAt(this.#peers, positionOf(this.#peers, peer.peerId));
    peer.swarm = undefined;
    peer.line?.registrations.onUnlisted(this.infoHash, peer);
  }

  /** Changes what decides about counts and pools, and keeps them true. */
  update(peer: RegisteredPeer, change: Partial<PeerStanding>): void {
    const isListed = peer.swarm === this;
    if (isListed) {
      this.#unplace(peer);
      this.#count(peer, -1);
    }
    Object.assign(peer, change);
    if (isListed) {
      this.#count(peer, 1);
      this.#place(peer);
    }
  }

  #count(peer: RegisteredPeer, by: 1 | -1): void {
    if (peer.isSeed) this.seeds += by;
    else if (!peer.isRelay) this.leeches += by;
  }

  #place(peer: RegisteredPeer): void {
    // Relays are told in a list of their own: who needs none should not dial one.
    if (peer.isRelay) (this.#relays ??= new Set()).add(peer);
    else if (peer.dialScope !== undefined) this.#changePools(peer, "dialSlot", withPeer);
    if (peer.takesOffers) this.#changePools(peer, "offerSlot", withPeer);
  }

  #unplace(peer: RegisteredPeer): void {
    this.#relays?.delete(peer);
    this.#changePools(peer, "dialSlot", withoutPeer);
    this.#changePools(peer, "offerSlot", withoutPeer);
  }

  #changePools(peer: RegisteredPeer, slot: SlotKind, change: typeof withPeer): void {
    if (slot === "dialSlot") {
      if (peer.isSeed) this.#dialableSeeds = change(this.#dialableSeeds, peer, slot);
      else this.#dialableLeeches = change(this.#dialableLeeches, peer, slot);
    } else if (peer.isSeed) this.#offerSeeds = change(this.#offerSeeds, peer, slot);
    else this.#offerLeeches = change(this.#offerLeeches, peer, slot);
  }
}
