/** Bytes that are suggested to a peer ahead of what it asks for: what a fast one takes in a round trip or two. */
const AHEAD_BYTES = 256 * 1024;
/** Suggested ahead however long pieces are: the next must be known before the last one has been asked for. */
const MIN_AHEAD = 2;

/**
 * Parts what a seed alone has among its peers: each is told other pieces to ask for (BEP 6, `suggest`), and none is told
 * twice before all were. Without it peers choose at random what others are being sent at the same moment, and a seed that
 * sends 27 pieces at a time, as eight peers ask for, sends a fifth of a share of 512 twice.
 *
 * Invariant: a piece is in one peer's set, or waits among `#returned`, or is behind `#offered` (never suggested yet), or
 * has been asked for.
 */
export class PieceSuggester {
  readonly #pieceCount: number;
  readonly #ahead: number;
  readonly #first: number;
  /** How many pieces, from `#first` on, have been looked at. */
  #offered = 0;
  readonly #waiting = new Map<number, Set<number>>();
  #returned: number[] = [];

  /** `chance`: 0 to 1, where it begins. In order from there, since storage is read fastest so. */
  constructor({ pieceCount, pieceLength, chance }: { pieceCount: number; pieceLength: number; chance: number }) {
    this.#pieceCount = pieceCount;
    this.#first = Math.floor(chance * pieceCount);
    this.#ahead = Math.max(MIN_AHEAD, Math.ceil(AHEAD_BYTES / pieceLength));
  }

  /** Pieces to suggest to a peer now. `isNew`: nobody else connected has the piece. */
  plan(sessionId: number, isNew: (piece: number) => boolean): readonly number[] {
    const waiting = this.#waiting.get(sessionId) ?? new Set();
    this.#waiting.set(sessionId, waiting);
    const planned: number[] = [];
    while (waiting.size < this.#ahead) {
      const piece = this.#next(isNew);
      if (piece === undefined) break;
      waiting.add(piece);
      planned.push(piece);
    }
    return planned;
  }

  /** A peer has asked for a piece, or has it; true when that makes room for another suggestion. */
  settled(sessionId: number, piece: number): boolean {
    return this.#waiting.get(sessionId)?.delete(piece) === true;
  }

  /** A peer will not ask for anything more, for now: what it was told is for others. */
  gone(sessionId: number): void {
    const waiting = this.#waiting.get(sessionId);
    if (waiting === undefined) return;
    this.#waiting.delete(sessionId);
    this.#returned.push(...waiting);
  }

  #next(isNew: (piece: number) => boolean): number | undefined {
    for (;;) {
      const piece = this.#returned.pop() ?? this.#never();
      if (piece === undefined || isNew(piece)) return piece;
    }
  }

  #never(): number | undefined {
    if (this.#offered >= this.#pieceCount) return undefined;
    return (this.#first + this.#offered++) % this.#pieceCount;
  }
}
