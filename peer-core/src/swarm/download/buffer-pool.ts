import type { ByteBudget } from "../../base/byte-budget.js";

/**
 * Buffers of one piece length, used again: allocating, zeroing and collecting a fresh megabyte for each piece is work
 * that a fast download would feel, and what is let go of is memory for as long as nobody collects it. So all that the
 * budget has room for is kept.
 */
export class BufferPool {
  readonly #pieceLength: number;
  readonly #budget: ByteBudget;
  readonly #allocate: (length: number) => Uint8Array;
  readonly #spare: Uint8Array[] = [];

  /** `allocate`: memory that is good to hash, where there is such. */
  constructor(pieceLength: number, budget: ByteBudget, allocate: (length: number) => Uint8Array) {
    this.#pieceLength = pieceLength;
    this.#budget = budget;
    this.#allocate = allocate;
  }

  /** `length` bytes with any content. */
  take(length: number): Uint8Array {
    if (length !== this.#pieceLength) return this.#allocate(length);
    const spare = this.#spare.pop();
    if (spare === undefined) return this.#allocate(length);
    this.#budget.release(length);
    return spare;
  }

  /** The caller keeps no view of it. */
  give(buffer: Uint8Array): void {
    if (buffer.length !== this.#pieceLength) return;
    if (this.#budget.keep(buffer.length)) this.#spare.push(buffer);
  }

  /** Lets go of what is kept. */
  clear(): void {
    this.#budget.release(this.#spare.length * this.#pieceLength);
    this.#spare.length = 0;
  }
}
