import type { WireId } from "@shoal/peer-core/announce";
import { PEER_PATH } from "@shoal/peer-core/announce";
import type { AddressScope, ClientAddress } from "./address.js";
import { hostAndPort, mayBeTold } from "./address.js";
import type { HeldRecord } from "./held-pieces.js";

export interface AnnounceReply {
  readonly complete: number;
  readonly incomplete: number;
  readonly peers: readonly RegisteredPeer[];
  /** Endpoints, best first. */
  readonly relays: readonly string[];
}

/** What decides about a peer's place in the lists of its swarm. */
export interface PeerStanding {
  isSeed: boolean;
  isRelay: boolean;
  takesOffers: boolean;
  /** Set once the endpoint has been checked: how far it reaches. */
  dialScope: AddressScope | undefined;
}

/** A swarm as the peers that it lists know it. */
export interface SwarmListing {
  readonly infoHash: WireId;
  /** In the order of their ids. */
  readonly peers: readonly RegisteredPeer[];
  update(peer: RegisteredPeer, change: Partial<PeerStanding>): void;
}

/** The line on which a peer announces and is told things; lives as long as its socket. */
export interface PeerLine {
  readonly address: ClientAddress;
  readonly registrations: PeerRegistrations;
  /** Bytes of reported pieces kept for this line's registrations. */
  heldBytes: number;
  /** When the allowance of answers to offers is full again (see `allowance.ts`), in seconds. */
  answersFullAt: number;
  /** Sends JSON text; a no-op once closed. */
  send(text: string): void;
}

/** A swarm in which a peer can be looked up. */
export interface PeerLookup extends SwarmListing {
  find(peerId: WireId): RegisteredPeer | undefined;
}

/** What was announced on one line; some clients speak for several peers on one. */
export interface PeerRegistrations {
  readonly size: number;
  /** The source for a peer id: the last one again where it has that id, else a new one by `make`. */
  sourceOf(peerId: WireId, make: () => PeerSource): PeerSource;
  add(peer: RegisteredPeer): void;
  /** What was announced here in a swarm under a peer id, listed there or not. */
  find(swarm: PeerLookup, peerId: WireId): RegisteredPeer | undefined;
  /** The first that was announced here in a swarm and is listed there. */
  firstIn(swarm: PeerLookup): RegisteredPeer | undefined;
  /** To be called when the swarm of that info-hash lists a registration of this line no longer, or not at all. */
  onUnlisted(infoHash: WireId, peer: RegisteredPeer): void;
  /** Forgets all, and hands out each, newest first. */
  takeAll(): Iterable<RegisteredPeer>;
}

/** Who announces: shared by the registrations of one peer in all its swarms, which is a fifth of their memory saved. */
export interface PeerSource {
  readonly peerId: WireId;
  readonly address: ClientAddress;
  /** Undefined for HTTP. */
  readonly line: PeerLine | undefined;
}

/** How a registered peer can be dialled. */
export type Dialable =
  | { readonly kind: "port"; readonly port: number; readonly overHttp: boolean }
  | { readonly kind: "url"; readonly url: string };

/** What only some peers have, kept apart so that the others cost less memory. */
export interface PeerExtras {
  /** As announced; others are told of it only while `dialScope` says who may be. */
  dialable: Dialable | undefined;
  /** The reply that is repeated to a peer that announces too often. */
  lastReply: AnnounceReply | undefined;
  held: HeldRecord | undefined;
  /** When the allowance of `have` reports is full again, in seconds. */
  havesFullAt: number;
  /** Under what the relay directory knows this registration. */
  relayEndpoint: string | undefined;
}

const SCOPES = [undefined, "loopback", "private", "public"] as const;

/** Where in `#bits` is what: flags, the scope, and from bit 6 and 19 the slots plus one, which 13 bits are enough for. */
const SEED = 1;
const RELAY = 2;
const TAKES_OFFERS = 4;
const WANTS_NOTICE = 8;
const SCOPE_AT = 4;
const DIAL_SLOT_AT = 6;
const OFFER_SLOT_AT = 19;
const SLOT_MASK = 0x1fff;

/**
 * One peer in one swarm. Invariant: `swarm` is set exactly while the swarm lists it; `dialSlot` and `offerSlot` are its
 * places in the swarm's pools, -1 outside. A registration belongs to a source (peer id, line): another line that announces
 * the same peer id gets a registration of its own, which replaces this one in the swarm.
 *
 * A tracker has more of these than of anything else: 80 bytes each, with what is small in one number.
 */
export class RegisteredPeer implements PeerStanding {
  readonly source: PeerSource;
  swarm: SwarmListing | undefined = undefined;
  /** Of the registrations on its line the one before this (see `LineRegistrations`). */
  previousOnLine: RegisteredPeer | undefined = undefined;
  #bits = 0;
  /** In whole seconds of the tracker's clock. */
  expiresAt = 0;
  /** When the allowance of announces is full again (see `allowance.ts`), in seconds. */
  announcesFullAt = 0;
  extras: PeerExtras | undefined = undefined;

  constructor(source: PeerSource) {
    this.source = source;
  }

  get peerId(): WireId {
    return this.source.peerId;
  }

  get address(): ClientAddress {
    return this.source.address;
  }

  get line(): PeerLine | undefined {
    return this.source.line;
  }

  get isSeed(): boolean {
    return (this.#bits & SEED) !== 0;
  }

  set isSeed(value: boolean) {
    this.#bits = withFlag(this.#bits, SEED, value);
  }

  get isRelay(): boolean {
    return (this.#bits & RELAY) !== 0;
  }

  set isRelay(value: boolean) {
    this.#bits = withFlag(this.#bits, RELAY, value);
  }

  get takesOffers(): boolean {
    return (this.#bits & TAKES_OFFERS) !== 0;
  }

  set takesOffers(value: boolean) {
    this.#bits = withFlag(this.#bits, TAKES_OFFERS, value);
  }

  get wantsNotice(): boolean {
    return (this.#bits & WANTS_NOTICE) !== 0;
  }

  set wantsNotice(value: boolean) {
    this.#bits = withFlag(this.#bits, WANTS_NOTICE, value);
  }

  get dialScope(): AddressScope | undefined {
    return SCOPES[(this.#bits >> SCOPE_AT) & 3];
  }

  set dialScope(scope: AddressScope | undefined) {
    this.#bits = (this.#bits & ~(3 << SCOPE_AT)) | (SCOPES.indexOf(scope) << SCOPE_AT);
  }

  get dialSlot(): number {
    return ((this.#bits >>> DIAL_SLOT_AT) & SLOT_MASK) - 1;
  }

  set dialSlot(slot: number) {
    this.#bits = (this.#bits & ~(SLOT_MASK << DIAL_SLOT_AT)) | ((slot + 1) << DIAL_SLOT_AT);
  }

  get offerSlot(): number {
    return ((this.#bits >>> OFFER_SLOT_AT) & SLOT_MASK) - 1;
  }

  set offerSlot(slot: number) {
    this.#bits = (this.#bits & ~(SLOT_MASK << OFFER_SLOT_AT)) | ((slot + 1) << OFFER_SLOT_AT);
  }

  get dialable(): Dialable | undefined {
    return this.extras?.dialable;
  }

  set dialable(dialable: Dialable | undefined) {
    if (dialable !== this.dialable) this.extra().dialable = dialable;
  }

  /** The rarely used part, made on first use. */
  extra(): PeerExtras {
    return (this.extras ??= {
      dialable: undefined,
      lastReply: undefined,
      held: undefined,
      havesFullAt: 0,
      relayEndpoint: undefined,
    });
  }
}

/** Not a private method: those cost each object another field. */
function withFlag(bits: number, flag: number, value: boolean): number {
  return value ? bits | flag : bits & ~flag;
}

/** The endpoint of a checked peer as `viewer` is told it; undefined when it is of no use, or not meant, for them. */
export function endpointFor(peer: RegisteredPeer, viewer: ClientAddress): string | undefined {
  const { dialable, dialScope } = peer;
  if (dialable?.kind === "url") {
    return dialScope !== undefined && mayBeTold(dialScope, viewer.scope) ? dialable.url : undefined;
  }
  const ip = addressFor(peer, viewer);
  if (ip === undefined || dialable === undefined) return undefined;
  const host = hostAndPort(ip, dialable.port);
  return dialable.overHttp ? `tcp://${host}` : `ws://${host}${PEER_PATH}`;
}

/** The IP address of a peer with a checked port as `viewer` is told it; undefined when there is none for them. */
export function addressFor(peer: RegisteredPeer, viewer: ClientAddress): string | undefined {
  const { dialScope, address } = peer;
  if (dialScope === undefined) return undefined;
  if (mayBeTold(dialScope, viewer.scope)) return address.ip;
  // A peer on the tracker's own machine is reached by its neighbours where they reach the tracker.
  return dialScope === "loopback" && viewer.scope === "private" ? viewer.localIp : undefined;
}
