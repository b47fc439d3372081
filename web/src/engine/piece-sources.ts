/** Who brought each piece, by numbers given in the order in which they first did. */
export class PieceSources {
  readonly #ids: string[] = [];
  readonly #ofPiece = new Map<number, number>();

  /** `id`: the peer's. */
  note(piece: number, id: string): void {
    let number = this.#ids.indexOf(id);
    if (number < 0) number = this.#ids.push(id) - 1;
    this.#ofPiece.set(piece, number);
  }

  /** The peer who brought a piece; undefined when nobody is known to have. */
  of(piece: number): string | undefined {
    const number = this.#ofPiece.get(piece);
    return number === undefined ? undefined : this.#ids[number];
  }
}
