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
  readonly etaSeconds: number | undefined;
  readonly peers: readonly PeerView[];
  /** Endpoints known and not connected. */
  readonly candidates: number;
}
