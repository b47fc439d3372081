import { invariant } from "../../base/invariant.js";
import type { PieceIndex } from "../../base/ids.js";
import { Bitfield } from "../../torrent/bitfield.js";
import type { Geometry } from "../../torrent/geometry.js";

/** missing → downloading → verifying → have; back to missing on a mismatch, a lost source or lost storage. */
export type PieceState = "missing" | "downloading" | "verifying" | "have";

const STATES: readonly PieceState[] = ["missing", "downloading", "verifying", "have"];
const MISSING = 0;
const DOWNLOADING = 1;
const VERIFYING = 2;
const HAVE = 3;

/**
 * The state of every piece of a share, and which are wanted: for a relay that changes all the time.
 *
 * Invariant: `#open[0 … #openCount)` holds exactly the pieces that are missing and wanted, in no order, and
 * `#place[piece]` is where a piece stands in it (-1: not there). So the picker scans only what is left.
 */
export class PieceTable {
  readonly have: Bitfield;
  readonly #geometry: Geometry;
  readonly #states: Uint8Array;
  readonly #wanted: Bitfield;
  readonly #open: Int32Array;
  readonly #place: Int32Array;
  #openCount = 0;
  #wantedMissing = 0;

  constructor(geometry: Geometry, have: Bitfield, wanted: Bitfield) {
    this.#geometry = geometry;
    this.have = have.clone();
    this.#wanted = wanted.clone();
    this.#states = new Uint8Array(geometry.pieceCount);
    this.#open = new Int32Array(geometry.pieceCount);
    this.#place = new Int32Array(geometry.pieceCount).fill(-1);
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (this.have.has(piece)) this.#states[piece] = HAVE;
      else if (this.#wanted.has(piece)) {
        this.#wantedMissing++;
        this.#openAdd(piece);
      }
    }
  }

  get geometry(): Geometry {
    return this.#geometry;
  }

  /** Everything wanted is here. */
  get isComplete(): boolean {
    return this.#wantedMissing === 0;
  }

  get isSeed(): boolean {
    return this.have.isFull;
  }

  /** Wanted pieces not here yet, those under way included. */
  get wantedMissing(): number {
    return this.#wantedMissing;
  }

  /** Pieces missing, wanted and not begun, in no order: a view, valid until the next change. */
  open(): Int32Array {
    return this.#open.subarray(0, this.#openCount);
  }

  /** Missing, wanted and not begun. */
  isOpen(piece: number): boolean {
    return (this.#place[piece] ?? -1) >= 0;
  }

  state(piece: PieceIndex): PieceState {
    return STATES[this.#states[piece] ?? MISSING] ?? "missing";
  }

  /** Wanted and not here: worth getting from somebody. */
  isLacking(piece: number): boolean {
    return this.#states[piece] !== HAVE && this.#wanted.has(piece);
  }

  /** All that is wanted and not here, a set of the caller's own. */
  lacking(): Bitfield {
    const lacking = this.#wanted.clone();
    lacking.subtract(this.have);
    return lacking;
  }

  /** Would this peer's pieces be of use? */
  lacksAnyOf(pieces: Bitfield): boolean {
    if (this.#wantedMissing === 0) return false;
    if (pieces.isFull) return true;
    for (const piece of this.open()) if (pieces.has(piece)) return true;
    for (const piece of pieces.indexes()) if (this.isLacking(piece)) return true;
    return false;
  }

  /** The piece is wanted from now on; false when it was already. */
  want(piece: PieceIndex): boolean {
    if (!this.#wanted.set(piece)) return false;
    if (this.#states[piece] !== HAVE) this.#wantedMissing++;
    if (this.#states[piece] === MISSING) this.#openAdd(piece);
    return true;
  }

  /** The piece is wanted no more, also if it is lost again; what is under way of it may still come. */
  unwant(piece: PieceIndex): void {
    if (!this.#wanted.clear(piece)) return;
    if (this.#states[piece] !== HAVE) this.#wantedMissing--;
    this.#openRemove(piece);
  }

  start(piece: PieceIndex): void {
    this.#move(piece, MISSING, DOWNLOADING);
    this.#openRemove(piece);
  }

  verify(piece: PieceIndex): void {
    this.#move(piece, DOWNLOADING, VERIFYING);
  }

  complete(piece: PieceIndex): void {
    this.#move(piece, VERIFYING, HAVE);
    this.have.set(piece);
    if (this.#wanted.has(piece)) this.#wantedMissing--;
  }

  /** A piece under way comes to nothing. */
  drop(piece: PieceIndex): void {
    invariant(
      this.#states[piece] === DOWNLOADING || this.#states[piece] === VERIFYING,
      `piece ${piece} is not under way`,
    );
    this.#states[piece] = MISSING;
    if (this.#wanted.has(piece)) this.#openAdd(piece);
  }

  /** A piece that was here is not any more. */
  lose(piece: PieceIndex): void {
    this.#move(piece, HAVE, MISSING);
    this.have.clear(piece);
    if (!this.#wanted.has(piece)) return;
    this.#wantedMissing++;
    this.#openAdd(piece);
  }

  #move(piece: PieceIndex, from: number, to: number): void {
    invariant(this.#states[piece] === from, `piece ${piece} is ${this.state(piece)}, not ${STATES[from] ?? "?"}`);
    this.#states[piece] = to;
  }

  #openAdd(piece: number): void {
    this.#place[piece] = this.#openCount;
    this.#open[this.#openCount++] = piece;
  }

  #openRemove(piece: number): void {
    const place = this.#place[piece] ?? -1;
    if (place < 0) return;
    const last = this.#open[--this.#openCount] ?? piece;
    this.#open[place] = last;
    this.#place[last] = place;
    this.#place[piece] = -1;
  }
}
