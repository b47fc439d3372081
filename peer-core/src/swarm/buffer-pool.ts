/** Spare buffers kept at most: enough for a fast link's pieces in verification, little enough to forget. */
const MAX_SPARE_BYTES = 32 * 1024 * 1024;

/**
 * Buffers of one piece length, used again: allocating, zeroing and collecting a fresh megabyte for each piece is work
 * that a fast download would feel.
 */
export class BufferPool {
  readonly #pieceLength: number;
  readonly #spare: Uint8Array[] = [];

  constructor(pieceLength: number) {
    this.#pieceLength = pieceLength;
  }

  /** `length` bytes with any content. */
  take(length: number): Uint8Array {
    if (length !== this.#pieceLength) return new Uint8Array(length);
    return this.#spare.pop() ?? new Uint8Array(length);
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
