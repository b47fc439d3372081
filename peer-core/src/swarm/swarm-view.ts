import type { ShoalError } from "../base/errors.js";
import type { PeerId } from "../base/ids.js";

export type SwarmState = "metadata" | "checking" | "downloading" | "seeding" | "stopped" | "failed";

export interface PeerView {
  readonly peerId: PeerId;
  /** The URL dialled, or the address that came in. */
  readonly label: string;
  readonly client: string | undefined;
  readonly isSeed: boolean;
  readonly inbound: boolean;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  readonly downloaded: number;
  readonly uploaded: number;
  readonly isChoked: boolean;
  readonly isSnubbed: boolean;
  /** It carries pieces between peers that cannot dial each other. */
  readonly isRelay: boolean;
  /** Milliseconds since 1970 until which it promises to keep the share; undefined: no promise. */
  readonly keptUntilMs: number | undefined;
  /** How much of the share it holds, 0 to 1; 0 before the metainfo is known. */
  readonly share: number;
  /** Others can dial it. */
  readonly isDialable: boolean;
}

/** What came of one relay. */
export interface RelayView {
  readonly address: string;
  readonly state: "untried" | "dialing" | "connected" | "failed";
  /** English, for details; a relay's own words where it closed the link. */
  readonly answer: string;
  /** By the runtime's clock. */
  readonly atMs: number;
}

/** A snapshot of one swarm: replaced, never mutated. Sizes in bytes. */
export interface SwarmView {
  readonly state: SwarmState;
  /** Why, when `state` is "failed". */
  readonly error: ShoalError | undefined;
  readonly pieceCount: number;
  readonly verifiedPieces: number;
  /** Bytes of what was chosen, whole pieces counted by the bytes chosen in them; 0 before the metainfo is known. */
  readonly chosenBytes: number;
  /** Verified bytes of what was chosen, resumed ones included. */
  readonly doneBytes: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  /** Payload since the swarm started. */
  readonly downloaded: number;
  readonly uploaded: number;
  readonly wastedBytes: number;
  /** How many pieces came with wrong bytes and have not come right since. */
  readonly failedPieces: number;
  readonly etaSeconds: number | undefined;
  readonly peers: readonly PeerView[];
  /** Endpoints known and not connected. */
  readonly candidates: number;
  /** Relays that are known, the best first, with what came of them. */
  readonly relays: readonly RelayView[];
}
