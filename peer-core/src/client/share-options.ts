import type { ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId } from "../base/ids.js";
import type { Dialer } from "../ports/connection.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { RangeSource } from "../ports/range-source.js";
import type { Runtime } from "../ports/runtime.js";
import type { TrackerChannel } from "../ports/tracker-channel.js";
import type { Metainfo } from "../torrent/metainfo.js";
import type { ShareLink } from "../torrent/share-link.js";

/** Bytes per second; 0 means no limit. */
export interface RateLimits {
  readonly up: number;
  readonly down: number;
}

/** Where others can dial this client. Neither: it connects out only. */
export interface ListenAddress {
  /** TCP port at the address that trackers see. */
  readonly port?: number | undefined;
  /** Absolute ws:// or wss:// URL. */
  readonly endpoint?: string | undefined;
}

export interface ClientOptions {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** Fetches from web seeds; without it they are not used. */
  readonly ranges?: RangeSource | undefined;
  /** A line to the tracker at `url`; undefined when this platform cannot speak to that kind. */
  readonly openTracker: (url: string) => TrackerChannel | undefined;
  /** Told to peers as `v` (BEP 10), e.g. "Shoal 0.1.0". */
  readonly clientName: string;
  readonly listen?: ListenAddress | undefined;
  readonly limits?: RateLimits | undefined;
  /** Links at once; 2,000 when left out. */
  readonly maxConnections?: number | undefined;
  /** Memory for pieces under way, of all shares together; 64 MiB when left out. */
  readonly unverifiedBytes?: number | undefined;
  /** Bytes that may wait in all sockets together, but for a block in each; 256 MiB when left out. */
  readonly sendBuffersBytes?: number | undefined;
}

export interface ShareOptions {
  /**
   * All that is known of the share: its metainfo, or a link or just the info-hash (the metainfo then comes from peers).
   * A link adds its trackers, endpoints, web seeds and choice of files to those given here.
   */
  readonly source: Metainfo | ShareLink | InfoHash;
  /** Opens where the pieces are kept; called once, when the metainfo is known. */
  readonly openStore: (metainfo: Metainfo) => Promise<PieceStore>;
  /** Indexes of the files wanted; all when left out. */
  readonly select?: ((metainfo: Metainfo) => readonly number[] | undefined) | undefined;
  /** Tracker URLs in tiers (BEP 12); all are announced to. */
  readonly trackers: readonly (readonly string[])[];
  /**
   * A download: announced while storage is being opened, which may take a disk's patience. Otherwise announced when it
   * is open: a seed would be told of as a leech until its next announce. False when left out.
   */
  readonly announcesEarly?: boolean | undefined;
  /** Peers known beforehand (ws://, wss://, tcp:// URLs). */
  readonly endpoints?: readonly string[] | undefined;
  /**
   * Relays to keep a link to, the best first, when nobody can dial this client: before those that trackers name, and one
   * at a time.
   */
  readonly relays?: readonly string[] | undefined;
  /** Asks a relay, whether one is needed or not, to keep the whole share; `keptUntilMs` of a peer tells what it promised. */
  readonly asksToKeep?: boolean | undefined;
  /** http and https URLs of servers that have the files (BEP 19). */
  readonly webSeeds?: readonly string[] | undefined;
  readonly limits?: RateLimits | undefined;
}

/** How the line to one tracker stands. */
export interface TrackerView {
  readonly url: string;
  readonly state: "idle" | "announcing" | "waiting" | "backing-off" | "stopped";
  readonly seeds: number | undefined;
  readonly leeches: number | undefined;
  /** The last failure, until the next success. */
  readonly error: ShoalError | undefined;
}

export type SessionEvent =
  | { readonly kind: "metadata"; readonly metainfo: Metainfo }
  /** Storage has been opened: `verifiedPieces` of the view counts what was there. */
  | { readonly kind: "opened" }
  /** A piece is verified and stored. `from`: who brought most of it; undefined where that is forgotten. */
  | { readonly kind: "piece"; readonly piece: number; readonly from: PeerId | undefined }
  /** All that was chosen is verified and flushed. Once per session; not for shares complete from the start. */
  | { readonly kind: "complete" }
  | { readonly kind: "announced"; readonly tracker: string; readonly peers: number }
  | { readonly kind: "tracker-error"; readonly tracker: string; readonly error: ShoalError }
  /** A tracker that serves us wants something to be known; a stranger's text. */
  | { readonly kind: "tracker-warning"; readonly tracker: string; readonly message: string }
  | {
      readonly kind: "peer";
      readonly peerId: PeerId;
      readonly label: string;
      readonly change: "connected" | "closed" | "banned";
      readonly reason: string | undefined;
    }
  | { readonly kind: "warning"; readonly code: string; readonly message: string }
  | { readonly kind: "failed"; readonly error: ShoalError };
