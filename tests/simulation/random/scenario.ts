/** How a machine hangs on the network. */
export interface WirePlan {
  /** This machine's part of the way: a link's one-way latency is the sum of both ends'. */
  readonly latencyMs: number;
  /** Probability that what is sent at one go has to be sent again. */
  readonly loss: number;
  /** Bytes per second. */
  readonly up: number;
  readonly down: number;
}

export interface DiskPlan {
  /** A read or write takes so long. */
  readonly accessMs: number;
  /** Hashes and writes in one go (`writeIfMatching`). */
  readonly hashes: boolean;
  /** They are files of the user's, never written to: what is found rotten is only not served any more. */
  readonly isReadOnly?: boolean | undefined;
  /** Pieces for which there is room; undefined: enough. */
  readonly maxPieces?: number | undefined;
}

/** A tracker; `relays` are those of its hub, which it names to everybody. */
export interface TrackerPlan {
  readonly name: string;
  readonly relays: readonly string[];
}

export interface RelayPlan {
  readonly name: string;
  readonly wire: WirePlan;
  /** Trackers that it announces to. */
  readonly trackers: readonly string[];
  readonly quotaPieces: number;
  readonly knowsMetainfo: boolean;
  /** It fetches whole shares and promises to keep them. */
  readonly keeps: boolean;
  readonly disk: DiskPlan;
}

export interface PeerPlan {
  readonly name: string;
  readonly wire: WirePlan;
  readonly disk: DiskPlan;
  /** When it first starts. */
  readonly joinMs: number;
  /** What is on its disk from the start, a character each piece: "x" here, "." missing. */
  readonly has: string;
  readonly isDialable: boolean;
  /** Peers of one number share an address; undefined: it has one of its own. */
  readonly nat?: number | undefined;
  readonly knowsMetainfo: boolean;
  readonly trackers: readonly string[];
  readonly maxConnections: number;
  /** While it is not calm yet: it leaves for good so long after it has finished; undefined: it stays. */
  readonly leavesAfterMs?: number | undefined;
  /** Pieces that may be in memory before they are verified. */
  readonly unverifiedPieces: number;
  /** What may wait in all its sockets; undefined: as much as a Node peer lets wait. */
  readonly sendBuffersBytes?: number | undefined;
}

/**
 * What a villain does: "spoiler" serves wrong bytes, "liar" claims all and serves nothing, "mute" takes links and never
 * says a word, "flood" sends many requests and messages, "babbler" sends what is no protocol, "faker" announces many peers
 * and a relay that are none.
 */
export type VillainKind = "spoiler" | "liar" | "mute" | "flood" | "babbler" | "faker";

export interface VillainPlan {
  readonly name: string;
  readonly wire: WirePlan;
  readonly kind: VillainKind;
  readonly joinMs: number;
  readonly isDialable: boolean;
  readonly trackers: readonly string[];
}

/** What goes wrong at `atMs`; what it names and is not there is left alone. */
export type Disaster =
  /** The process or, if it `loses` writes, the machine dies; others are told after `noticedAfterMs`, or never. */
  | {
      readonly kind: "crash";
      readonly atMs: number;
      readonly name: string;
      readonly loses: boolean;
      readonly noticedAfterMs?: number | undefined;
      readonly downMs?: number | undefined;
    }
  /** It is closed in good order and, after `downMs`, started again. */
  | { readonly kind: "leave"; readonly atMs: number; readonly name: string; readonly downMs?: number | undefined }
  /** The process is stopped (SIGSTOP) and goes on later. */
  | { readonly kind: "stall"; readonly atMs: number; readonly name: string; readonly ms: number }
  /** All its links are broken, as by a router that restarts. */
  | { readonly kind: "lose-links"; readonly atMs: number; readonly name: string }
  /** All its links are dead and nobody is told: they are half-open on both sides. */
  | { readonly kind: "half-open"; readonly atMs: number; readonly name: string }
  /** Nothing passes between these and all others. */
  | { readonly kind: "partition"; readonly atMs: number; readonly names: readonly string[]; readonly ms: number }
  | { readonly kind: "slow-line"; readonly atMs: number; readonly name: string; readonly bytesPerSecond: number }
  | { readonly kind: "slow-disk"; readonly atMs: number; readonly name: string; readonly accessMs: number }
  | { readonly kind: "full-disk"; readonly atMs: number; readonly name: string }
  /** A bit of a piece on its disk turns, if that piece is there. */
  | { readonly kind: "flip"; readonly atMs: number; readonly name: string; readonly piece: number }
  | { readonly kind: "tracker-down"; readonly atMs: number; readonly name: string; readonly ms: number }
  | { readonly kind: "tracker-lines"; readonly atMs: number; readonly name: string };

/** A swarm and all that happens to it, as plain data: the same scenario always goes the same way. */
export interface Scenario {
  /** Of what is drawn while it runs. */
  readonly seed: number;
  readonly pieceCount: number;
  readonly pieceLength: number;
  /** Bytes of the last piece. */
  readonly lastPieceBytes: number;
  /** Streams are cut and merged at random. */
  readonly cut: boolean;
  readonly trackers: readonly TrackerPlan[];
  readonly relays: readonly RelayPlan[];
  readonly peers: readonly PeerPlan[];
  readonly villains: readonly VillainPlan[];
  readonly disasters: readonly Disaster[];
}

/** When the last disaster is over and the last peer has come. */
export function calmAt({ peers, villains, disasters }: Scenario): number {
  const joins = [...peers, ...villains].map(({ joinMs }) => joinMs);
  return Math.max(0, ...joins, ...disasters.map(endOf));
}

function endOf(disaster: Disaster): number {
  const { atMs } = disaster;
  if (disaster.kind === "crash" || disaster.kind === "leave") return atMs + (disaster.downMs ?? 0);
  return "ms" in disaster ? atMs + disaster.ms : atMs;
}
