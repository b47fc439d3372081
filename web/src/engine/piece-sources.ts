import { MAX_SOURCES } from "./piece-map.js";
import type { PieceSource } from "./messages.js";

/**
 * Who brought each piece, by numbers given in the order in which they first did: a number, and so a colour, stays with
 * its peer until the get ends, also when the peer has left. Those beyond MAX_SOURCES are not told apart.
 */
export class PieceSources {
  readonly #numbers = new Map<string, number>();
  readonly #labels: string[] = [];
  readonly #counts: number[] = [];
  readonly #ofPiece = new Map<number, number>();

  /** `id`: the peer's; `labelOf` is asked once for each. A piece that comes again counts for who brought it last. */
  note(piece: number, id: string, labelOf: () => string): void {
    const before = this.#ofPiece.get(piece);
    if (before !== undefined) this.#count(before, -1);
    const number = this.#numbers.get(id) ?? this.#add(id, labelOf);
    this.#ofPiece.set(piece, number);
    this.#count(number, 1);
  }

  /** The number of who brought a piece; undefined when nobody is known to have. */
  of(piece: number): number | undefined {
    return this.#ofPiece.get(piece);
  }

  /** All who have brought something, at the index of their number. */
  list(): readonly PieceSource[] {
    return Array.from(this.#numbers, ([id, number]) => ({
      id,
      label: this.#labels[number] ?? "",
      pieceCount: this.#counts[number] ?? 0,
    }));
  }

  #add(id: string, labelOf: () => string): number {
    const number = this.#numbers.size;
    if (number >= MAX_SOURCES) return MAX_SOURCES;
    this.#numbers.set(id, number);
    this.#labels.push(labelOf());
    return number;
  }

  #count(number: number, by: number): void {
    this.#counts[number] = (this.#counts[number] ?? 0) + by;
  }
}
