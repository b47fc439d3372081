import type { PeerSession } from "../peer/peer-session.js";
import { noteAllPieces, type PiecesMessage } from "./peer-claims.js";
import { Availability } from "./pieces/availability.js";

/** What connected peers say that they hold, and how many hold each piece. */
export class ClaimedPieces {
  /** How many peers hold each piece; counted here alone. */
  readonly availability: Availability;
  readonly #pieceCount: number;

  constructor(pieceCount: number) {
    this.#pieceCount = pieceCount;
    this.availability = new Availability(pieceCount);
  }

  /** Holds what the peer has said so far against the share. Throws ShoalError("wire"). */
  take({ remote }: PeerSession): void {
    this.availability.add(remote.pieces.adopt(this.#pieceCount));
  }

  /** A peer says anew what it holds. Throws ShoalError("wire"). */
  replace(session: PeerSession, message: PiecesMessage): void {
    const { pieces } = session.remote;
    if (pieces.bitfield !== undefined) this.availability.remove(pieces.bitfield);
    // Whatever happens below, what is counted stays what is known.
    try {
      noteAllPieces(session, message);
    } finally {
      if (pieces.bitfield !== undefined) this.availability.add(pieces.bitfield);
    }
  }

  /** False when that was no news. Throws ShoalError("wire"). */
  gained({ remote: { pieces } }: PeerSession, piece: number): boolean {
    if (!pieces.onHave(piece) || pieces.bitfield === undefined) return false;
    this.availability.gained(piece, pieces.bitfield);
    return true;
  }

  /** False when that was no news. Throws ShoalError("wire"). */
  lost({ remote: { pieces } }: PeerSession, piece: number): boolean {
    if (!pieces.onDontHave(piece) || pieces.bitfield === undefined) return false;
    this.availability.lost(piece, pieces.bitfield);
    return true;
  }

  /** The peer has gone. */
  forget({ remote: { pieces } }: PeerSession): void {
    if (pieces.bitfield !== undefined) this.availability.remove(pieces.bitfield);
  }
}
