/** Suggestions of one peer that are remembered: ours make four at once, libtorrent sixteen. */
const MAX_SUGGESTED = 32;

/** Pieces that a peer would rather be asked for than others (BEP 6), the newest 32, in its order. */
export class Suggestions {
  readonly #pieces = new Set<number>();

  add(piece: number): void {
    this.#pieces.delete(piece);
    this.#pieces.add(piece);
    if (this.#pieces.size <= MAX_SUGGESTED) return;
    const oldest = this.#pieces.values().next().value;
    if (oldest !== undefined) this.#pieces.delete(oldest);
  }

  /** The first for which `matches` holds; those before it, which are of no use any more, are forgotten. */
  take(matches: (piece: number) => boolean): number | undefined {
    for (const piece of this.#pieces) {
      this.#pieces.delete(piece);
      if (matches(piece)) return piece;
    }
    return undefined;
  }
}
