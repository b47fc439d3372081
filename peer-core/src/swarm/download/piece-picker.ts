import type { PieceIndex } from "../../base/ids.js";
import type { Suggestions } from "../../peer/suggestions.js";
import type { Random } from "../../ports/runtime.js";
import type { Bitfield } from "../../torrent/bitfield.js";
import type { Availability } from "../pieces/availability.js";
import type { PieceTable } from "../pieces/piece-table.js";

/** Pieces that a run may jump over because they are here or under way. */
const RUN_GAP = 64;

/**
 * Chooses the next piece to begin with a peer: the rarest that it holds and we lack, ties broken at random so that
 * peers who start together do not all fetch the same (BEP 3's advice).
 */
export class PiecePicker {
  readonly #table: PieceTable;
  readonly #availability: Availability;
  readonly #random: Random;

  constructor(table: PieceTable, availability: Availability, random: Random) {
    this.#table = table;
    this.#availability = availability;
    this.#random = random;
  }

  /** Undefined when the peer holds nothing that is wanted and not begun. Of equally rare pieces, one that it suggests. */
  pick(remote: Bitfield, suggestions?: Suggestions): PieceIndex | undefined {
    const open = this.#table.open();
    const { rarest, ties } = this.#rarest(open, remote);
    if (ties === 0) return undefined;
    const isWorth = (piece: number) =>
      this.#table.isOpen(piece) && remote.has(piece) && this.#availability.of(piece) === rarest;
    const suggested = suggestions?.take(isWorth);
    if (suggested !== undefined) return this.#table.geometry.pieceIndex(suggested);
    let skip = Math.floor(this.#random.float() * ties);
    for (const piece of open) {
      if (!remote.has(piece) || this.#availability.of(piece) !== rarest) continue;
      if (skip-- === 0) return this.#table.geometry.pieceIndex(piece);
    }
    return undefined;
  }

  /** The next piece behind `last` that can be begun, if there is one near; as `pick` where there is none. */
  pickAfter(last: PieceIndex, remote: Bitfield): PieceIndex | undefined {
    const end = Math.min(last + 1 + RUN_GAP, remote.size);
    for (let next = last + 1; next < end; next++) {
      if (this.#table.isOpen(next) && remote.has(next)) return this.#table.geometry.pieceIndex(next);
    }
    return this.pick(remote);
  }

  /** As `pick`, but of equally rare ones the piece that those who go on from `lasts` would come to last. */
  pickAhead(lasts: Iterable<PieceIndex>, remote: Bitfield): PieceIndex | undefined {
    const open = this.#table.open();
    const { rarest } = this.#rarest(open, remote);
    const from = [...lasts];
    let best: number | undefined;
    let farthest = -1;
    for (const piece of open) {
      if (!remote.has(piece) || this.#availability.of(piece) !== rarest) continue;
      const distance = Math.min(...from.map((last) => (piece - last + remote.size) % remote.size));
      if (distance <= farthest) continue;
      farthest = distance;
      best = piece;
    }
    return best === undefined ? undefined : this.#table.geometry.pieceIndex(best);
  }

  /** True while some piece that is not begun could be had from anybody connected. */
  hasAnythingToBegin(): boolean {
    return this.#table.open().some((piece) => this.#availability.of(piece) > 0);
  }

  #rarest(open: Int32Array, remote: Bitfield): { rarest: number; ties: number } {
    let rarest = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (const piece of open) {
      if (!remote.has(piece)) continue;
      const count = this.#availability.of(piece);
      if (count > rarest) continue;
      ties = count < rarest ? 1 : ties + 1;
      rarest = count;
    }
    return { rarest, ties };
  }
}
