import type { Bitfield } from "../../torrent/bitfield.js";

/**
 * How many connected peers hold each piece. Peers that hold everything are counted once for all pieces, so that a seed
 * that comes or goes costs nothing.
 */
export class Availability {
  readonly #counts: Uint16Array;
  #seeds = 0;

  constructor(pieceCount: number) {
    this.#counts = new Uint16Array(pieceCount);
  }

  /** A peer has come, or has said anew what it holds. */
  add(pieces: Bitfield): void {
    if (pieces.isFull) this.#seeds++;
    else this.#shift(pieces, 1);
  }

  /** A peer that held `pieces` has gone. */
  remove(pieces: Bitfield): void {
    if (pieces.isFull) this.#seeds--;
    else this.#shift(pieces, -1);
  }

  /** A peer has gained one piece; `pieces` already includes it. */
  gained(piece: number, pieces: Bitfield): void {
    this.#counts[piece] = (this.#counts[piece] ?? 0) + 1;
    if (!pieces.isFull) return;
    this.#shift(pieces, -1);
    this.#seeds++;
  }

  /** A peer has lost one piece; `pieces` no longer includes it. */
  lost(piece: number, pieces: Bitfield): void {
    if (pieces.count === pieces.size - 1) {
      this.#seeds--;
      this.#shift(pieces, 1);
    } else {
      this.#counts[piece] = (this.#counts[piece] ?? 1) - 1;
    }
  }

  of(piece: number): number {
    return (this.#counts[piece] ?? 0) + this.#seeds;
  }

  #shift(pieces: Bitfield, by: 1 | -1): void {
    for (let piece = 0; piece < pieces.size; piece++) {
      if (pieces.has(piece)) this.#counts[piece] = (this.#counts[piece] ?? 0) + by;
    }
  }
}
