import { ShoalError, type Hasher, type PieceIndex } from "@shoal/peer-core";
import { equalBytes, pieceHash, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import type { VerifyPiece } from "./confirm-claims.js";
import { InTurns } from "./in-turns.js";

/** Whole pieces in memory at once, of up to 16 MiB each. */
const MAX_PROOFS = 4;

/** Holds pieces against the hashes in the metainfo. */
export function verifierOf(metainfo: Metainfo, hasher: Hasher): VerifyPiece {
  return async (piece, bytes) => equalBytes(await hasher.sha1(bytes), pieceHash(metainfo, piece));
}

/**
 * Once a piece was found to have changed unnoticed, every other one is hashed before it is served, once: whoever got several
 * of them would take us for a liar.
 */
export class PieceProof {
  readonly #geometry: Geometry;
  readonly #verifyPiece: VerifyPiece;
  readonly #proofs = new Map<PieceIndex, Promise<void>>();
  readonly #turns = new InTurns(MAX_PROOFS);
  #isBegun = false;

  constructor(geometry: Geometry, verifyPiece: VerifyPiece) {
    this.#geometry = geometry;
    this.#verifyPiece = verifyPiece;
  }

  /** From now on nothing that was ever hashed is believed. */
  begin(): void {
    this.#isBegun = true;
    this.#proofs.clear();
  }

  /** `read` fills what it is given with the piece. Rejects with ShoalError "disk" when that is not what it should be. */
  async prove(piece: PieceIndex, read: (into: Uint8Array) => Promise<void>): Promise<void> {
    if (!this.#isBegun) return;
    let proof = this.#proofs.get(piece);
    if (proof === undefined) {
      proof = this.#turns.run(() => this.#hash(piece, read));
      this.#proofs.set(piece, proof);
      // What was found wrong is fetched and written anew, and then has to be hashed again.
      proof.catch(() => this.#proofs.delete(piece));
    }
    await proof;
  }

  async #hash(piece: PieceIndex, read: (into: Uint8Array) => Promise<void>): Promise<void> {
    const bytes = new Uint8Array(this.#geometry.pieceSize(piece));
    await read(bytes);
    if (!(await this.#verifyPiece(piece, bytes))) throw new ShoalError("disk", `Piece ${piece} is not what was hashed`);
  }
}
