import type { ByteBudget } from "../base/byte-budget.js";
import type { ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId, PieceIndex } from "../base/ids.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import type { PeerSession } from "../peer/peer-session.js";
import type { Dialer } from "../ports/connection.js";
import type { Runtime } from "../ports/runtime.js";
import type { Metainfo } from "../torrent/metainfo.js";
import type { QueueDepth } from "./download/queue-depth.js";
import type { MakeRelayFlow } from "./relay/relay-flow.js";
import type { Reputation } from "./members/reputation.js";

/** Whom a swarm tells. Calls come last, when its own state is consistent. */
export interface SwarmHost {
  /** Metadata has come from peers: to be parsed, then `adopt`. */
  onMetadata(infoBytes: Uint8Array): void;
  /** `from`: who brought most of it; undefined where that is forgotten. */
  onPiece(piece: PieceIndex, from: PeerId | undefined): void;
  /** A piece is gone; `wasWhole`: all that was chosen was here until now. */
  onLostPiece(wasWhole: boolean): void;
  /** All that was wanted is stored; `isFirst`: not again, after a piece had been lost. */
  onComplete(isFirst: boolean): void;
  onPeer(session: PeerSession, change: "connected" | "closed", reason: string | undefined): void;
  onBanned(peerId: PeerId, reason: string): void;
  onWarning(code: string, message: string): void;
  onFailed(error: ShoalError): void;
}

export interface SwarmOptions {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly host: SwarmHost;
  readonly reputation: Reputation;
  readonly clientName: string;
  /** Undefined: it comes from peers. */
  readonly metainfo: Metainfo | undefined;
  /** Set for a relay: it wants what its peers want. */
  readonly relay?: MakeRelayFlow | undefined;
  /** Relays to keep a link to when nobody can dial us, before those that trackers name. */
  readonly relays: readonly string[];
  /** Relays are asked to keep the whole share, and a link to one is kept until this swarm ends. */
  readonly asksToKeep: boolean;
  readonly upLimiter: RateLimiter;
  readonly downLimiter: RateLimiter;
  /** Where this peer can be dialled, as it is told to others: neither when it cannot. */
  readonly listen: () => { readonly port?: number | undefined; readonly endpoint?: string | undefined };
  readonly hasRoomForConnection: () => boolean;
  readonly sendBufferBytes: () => number;
  /** Memory for pieces under way, of all swarms together. */
  readonly unverified: ByteBudget;
  /** How deep peers are asked over the line that all swarms share. */
  readonly depth: QueueDepth;
}
