import type { WireId } from "@shoal/peer-core/announce";
import { MAX_PEERS_PER_SWARM } from "./limits.js";
import { PeerPool } from "./peer-pool.js";
import type { PeerStanding, RegisteredPeer, SwarmListing } from "./registered-peer.js";

/**
 * The peers of one info-hash. Invariant: `seeds` and `leeches` count the listed peers, relays among them only when they
 * hold everything; a peer is in the dial pools once its endpoint was checked, in the offer pools while it takes offers.
 */
export class Swarm implements SwarmListing {
  readonly infoHash: WireId;
  readonly peers = new Map<WireId, RegisteredPeer>();
  /** Peers with a checked endpoint. */
  readonly dialableSeeds = new PeerPool("dialSlot");
  readonly dialableLeeches = new PeerPool("dialSlot");
  /** Peers that speak WebRTC. */
  readonly offerSeeds = new PeerPool("offerSlot");
  readonly offerLeeches = new PeerPool("offerSlot");
  #relays: Set<RegisteredPeer> | undefined = undefined;
  seeds = 0;
  leeches = 0;
  /** Downloads completed here since the swarm was formed. */
  completed = 0;
  /** Second at which a sweep first found nobody here; 0 while there are peers. */
  emptySince = 0;

  constructor(infoHash: WireId) {
    this.infoHash = infoHash;
  }

  get isFull(): boolean {
    return this.peers.size >= MAX_PEERS_PER_SWARM;
  }

  /** The relays in this swarm, checked or not. */
  get relays(): Iterable<RegisteredPeer> {
    return this.#relays ?? [];
  }

  /** Lists a peer, in the place of an older registration of the same id if there is one. */
  add(peer: RegisteredPeer): void {
    const older = this.peers.get(peer.peerId);
    if (older === peer) return;
    if (older !== undefined) this.delete(older);
    this.peers.set(peer.peerId, peer);
    this.emptySince = 0;
    peer.swarm = this;
    this.#count(peer, 1);
    this.#place(peer);
  }

  /** Unlists a peer; one that was replaced already removes nothing. */
  delete(peer: RegisteredPeer): void {
    if (peer.swarm !== this) return;
    this.#unplace(peer);
    this.#count(peer, -1);
    this.peers.delete(peer.peerId);
    peer.swarm = undefined;
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
    else if (peer.dialScope !== undefined) this.#dialPool(peer).add(peer);
    if (peer.takesOffers) this.#offerPool(peer).add(peer);
  }

  #unplace(peer: RegisteredPeer): void {
    this.#relays?.delete(peer);
    this.#dialPool(peer).delete(peer);
    this.#offerPool(peer).delete(peer);
  }

  #dialPool(peer: RegisteredPeer): PeerPool {
    return peer.isSeed ? this.dialableSeeds : this.dialableLeeches;
  }

  #offerPool(peer: RegisteredPeer): PeerPool {
    return peer.isSeed ? this.offerSeeds : this.offerLeeches;
  }
}
