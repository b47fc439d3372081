import type { ByteBudget } from "../../base/byte-budget.js";
import { equalBytes } from "../../base/bytes.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import type { PieceAssembly } from "./piece-assembly.js";

/** Failed copies kept for comparison at most. */
const MAX_COPIES = 4;

/**
 * Finds who sent wrong bytes. A piece that came from one peer and fails is that peer's fault. One that came from
 * several is kept until the piece is right: the units that differ then name the culprits.
 */
export class FailedPieces {
  readonly #copies = new Map<number, PieceAssembly>();
  readonly #failed = new Set<number>();
  readonly #budget: ByteBudget;

  /** Copies are memory of `budget`, besides the pieces under way. */
  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** How many pieces have failed and not come right since. */
  get count(): number {
    return this.#failed.size;
  }

  copies(): Iterable<PieceAssembly> {
    return this.#copies.values();
  }

  /**
   * Takes in a piece that failed its hash, and whose memory has been given back; returns the session to blame, undefined
   * while that is not known.
   */
  onMismatch(assembly: PieceAssembly): number | undefined {
    this.#failed.add(assembly.piece);
    const contributors = [...assembly.contributors()];
    if (contributors.length === 1) return contributors[0];
    this.#forget(assembly.piece);
    if (this.#copies.size < MAX_COPIES && this.#budget.putAside(assembly.size))
      this.#copies.set(assembly.piece, assembly);
    return undefined;
  }

  /** The piece is right now: returns the sessions whose units differed in the copy that failed. */
  onMatch(assembly: PieceAssembly): Set<number> {
    const culprits = new Set<number>();
    this.#failed.delete(assembly.piece);
    const failed = this.#copies.get(assembly.piece);
    if (failed === undefined) return culprits;
    this.#forget(assembly.piece);
    for (let begin = 0; begin < failed.bytes.length; begin += UNIT_BYTES) {
      const end = begin + UNIT_BYTES;
      if (equalBytes(failed.bytes.subarray(begin, end), assembly.bytes.subarray(begin, end))) continue;
      culprits.add(failed.senderOf(begin / UNIT_BYTES));
    }
    return culprits;
  }

  /** Lets go of all copies. */
  clear(): void {
    for (const piece of [...this.#copies.keys()]) this.#forget(piece);
  }

  #forget(piece: number): void {
    const copy = this.#copies.get(piece);
    if (copy === undefined) return;
    this.#copies.delete(piece);
    this.#budget.giveAside(copy.size);
  }
}
