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
export type PeerStanding = Pick<RegisteredPeer, "isSeed" | "isRelay" | "takesOffers" | "dialScope">;

/** A swarm as the peers that it lists know it. */
export interface SwarmListing {
  readonly infoHash: WireId;
  readonly peers: ReadonlyMap<WireId, RegisteredPeer>;
  update(peer: RegisteredPeer, change: Partial<PeerStanding>): void;
}

/** The line on which a peer announces and is told things; lives as long as its socket. */
export interface PeerLine {
  readonly address: ClientAddress;
  /**
   * What was announced here, by info-hash, further peers of the same swarm by info-hash and peer id one after the other:
   * some clients speak for several peers on one line. Stopped ones stay, so that stopping and starting does not renew allowances.
   */
  readonly registrations: Map<string, RegisteredPeer>;
  /** The peer id that was last new here. */
  peerId: WireId | undefined;
  /** Bytes of reported pieces kept for this line's registrations. */
  heldBytes: number;
  /** When the allowance of answers to offers is full again (see `allowance.ts`), in seconds. */
  answersFullAt: number;
  /** Sends JSON text; a no-op once closed. */
  send(text: string): void;
}

/** How a registered peer can be dialled. */
export type Dialable =
  | { readonly kind: "port"; readonly port: number; readonly overHttp: boolean }
  | { readonly kind: "url"; readonly url: string };

/** What only some peers have, kept apart so that the others cost less memory. */
export interface PeerExtras {
  /** The reply that is repeated to a peer that announces too often. */
  lastReply: AnnounceReply | undefined;
  held: HeldRecord | undefined;
  /** When the allowance of `have` reports is full again, in seconds. */
  havesFullAt: number;
  /** Under what the relay directory knows this registration. */
  relayEndpoint: string | undefined;
}

/**
 * One peer in one swarm. Invariant: `swarm` is set exactly while the swarm lists it; `dialSlot` and `offerSlot` are its
 * places in the swarm's pools, -1 outside. A registration belongs to (peer id, line): another line that announces the
 * same peer id gets a registration of its own, which replaces this one in the swarm.
 */
export class RegisteredPeer {
  readonly peerId: WireId;
  readonly address: ClientAddress;
  readonly line: PeerLine | undefined;
  swarm: SwarmListing | undefined = undefined;
  isSeed = false;
  isRelay = false;
  takesOffers = false;
  wantsNotice = false;
  dialSlot = -1;
  offerSlot = -1;
  /** In whole seconds of the tracker's clock. */
  expiresAt = 0;
  /** When the allowance of announces is full again (see `allowance.ts`), in seconds. */
  announcesFullAt = 0;
  /** As announced; others are told of it only while `dialScope` says who may be. */
  dialable: Dialable | undefined = undefined;
  /** Set once the endpoint has been checked: how far it reaches. */
  dialScope: AddressScope | undefined = undefined;
  extras: PeerExtras | undefined = undefined;

  constructor(peerId: WireId, address: ClientAddress, line: PeerLine | undefined) {
    this.peerId = peerId;
    this.address = address;
    this.line = line;
  }

  /** The rarely used part, made on first use. */
  extra(): PeerExtras {
    return (this.extras ??= { lastReply: undefined, held: undefined, havesFullAt: 0, relayEndpoint: undefined });
  }
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
export function addressFor({ dialScope, address }: RegisteredPeer, viewer: ClientAddress): string | undefined {
  if (dialScope === undefined) return undefined;
  if (mayBeTold(dialScope, viewer.scope)) return address.ip;
  // A peer on the tracker's own machine is reached by its neighbours where they reach the tracker.
  return dialScope === "loopback" && viewer.scope === "private" ? viewer.localIp : undefined;
}
