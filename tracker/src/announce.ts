import type { AnnounceEvent, Offer, WireId } from "@shoal/peer-core/announce";
import type { ClientAddress } from "./address.js";
import type { PeerLine, RegisteredPeer } from "./registered-peer.js";
import type { Swarm } from "./swarm.js";

/** An announce, whichever frontend it came through. */
export interface AnnounceRequest {
  readonly infoHash: WireId;
  readonly peerId: WireId;
  /** Bytes still missing; undefined while unknown. */
  readonly left: number | undefined;
  readonly event: AnnounceEvent | undefined;
  readonly numWant: number | undefined;
  readonly offers: readonly Offer[] | undefined;
  readonly port: number | undefined;
  readonly endpoint: string | undefined;
  readonly isRelay: boolean;
  readonly wantsNotice: boolean;
}

/** What the hooks of one announce share; each fills in its part of the reply. */
export interface Announce {
  readonly request: AnnounceRequest;
  readonly address: ClientAddress;
  /** Undefined for HTTP. */
  readonly line: PeerLine | undefined;
  readonly peer: RegisteredPeer;
  readonly swarm: Swarm;
  /** Whole seconds of the tracker's clock. */
  readonly now: number;
  /** True when the announce came too soon: state follows it, but nothing is looked up for it. */
  isTooSoon: boolean;
  peers: readonly RegisteredPeer[];
  relays: readonly string[];
}

/** One step of handling an announce; the tracker runs them in order. */
export type AnnounceHook = (announce: Announce) => void;
