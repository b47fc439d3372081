/** Enough for the start of a message; most are not much longer. */
const FIRST_BYTES = 512;

/**
 * Bytes that are appended until they are whole. Doubles its room, so that a message in many small parts is copied twice at
 * most, and holds no more than twice what has really come.
 */
export class GrowingBytes {
  #room = NONE;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds bytes and returns all of them, as a view that is valid until the next change. */
  append(bytes: Uint8Array): Buffer {
    const length = this.#length + bytes.length;
    if (length > this.#room.length) {
      // Not from the pool, of which a slow client would keep 8 KiB for a few bytes.
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#room.length, FIRST_BYTES));
      grown.set(this.#room.subarray(0, this.#length));
      this.#room = grown;
    }
    this.#room.set(bytes, this.#length);
    this.#length = length;
    return this.#room.subarray(0, length);
  }

  /** Keeps only `bytes`, which may be a part of what `append` returned. */
  replace(bytes: Uint8Array): void {
    // All of it: copying that at every turn would make many small parts dear.
    if (bytes.buffer === this.#room.buffer && bytes.length === this.#length) return;
    this.clear();
    if (bytes.length > 0) this.append(bytes);
  }

  clear(): void {
    this.#room = NONE;
    this.#length = 0;
  }
}

const NONE = Buffer.alloc(0);
