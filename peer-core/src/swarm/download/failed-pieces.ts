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

  /** Takes in a piece that failed its hash; returns the session to blame, undefined while that is not known. */
  onMismatch(assembly: PieceAssembly): number | undefined {
    const contributors = [...assembly.contributors()];
    if (contributors.length === 1) return contributors[0];
    if (this.#copies.size < MAX_COPIES) this.#copies.set(assembly.piece, assembly);
    return undefined;
  }

  /** True while the failed copy is kept: its buffer must not be used again. */
  keeps(assembly: PieceAssembly): boolean {
    return this.#copies.get(assembly.piece) === assembly;
  }

  /** The piece is right now: returns the sessions whose units differed in the copy that failed. */
  onMatch(assembly: PieceAssembly): Set<number> {
    const culprits = new Set<number>();
    const failed = this.#copies.get(assembly.piece);
    if (failed === undefined) return culprits;
    this.#copies.delete(assembly.piece);
    for (let begin = 0; begin < failed.bytes.length; begin += UNIT_BYTES) {
      const end = begin + UNIT_BYTES;
      if (equalBytes(failed.bytes.subarray(begin, end), assembly.bytes.subarray(begin, end))) continue;
      culprits.add(failed.senderOf(begin / UNIT_BYTES));
    }
    return culprits;
  }
}
