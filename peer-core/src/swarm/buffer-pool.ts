/** Spare buffers kept at most: enough for a fast link's pieces in verification, little enough to forget. */
const MAX_SPARE_BYTES = 32 * 1024 * 1024;

/**
 * Buffers of one piece length, used again: allocating, zeroing and collecting a fresh megabyte for each piece is work
 * that a fast download would feel.
 */
export class BufferPool {
  readonly #pieceLength: number;
  readonly #allocate: (length: number) => Uint8Array;
  readonly #spare: Uint8Array[] = [];

  /** `allocate`: memory that is good to hash, where there is such. */
  constructor(pieceLength: number, allocate: (length: number) => Uint8Array) {
    this.#pieceLength = pieceLength;
    this.#allocate = allocate;
  }

  /** `length` bytes with any content. */
  take(length: number): Uint8Array {
    if (length !== this.#pieceLength) return this.#allocate(length);
    return this.#spare.pop() ?? this.#allocate(length);
  }

  /** The caller keeps no view of it. */
  give(buffer: Uint8Array): void {
    if (buffer.length !== this.#pieceLength) return;
    if ((this.#spare.length + 1) * this.#pieceLength <= MAX_SPARE_BYTES) this.#spare.push(buffer);
  }

  /** Lets go of what is kept. */
  clear(): void {
    this.#spare.length = 0;
  }
}
