/** Spare frames kept at most: what fills one fast peer's socket a few times over. */
const MAX_SPARE_BYTES = 4 * 1024 * 1024;
/** Shorter frames cost less to allocate than to keep. */
const MIN_FRAME_BYTES = 16 * 1024;
/** Without use for this long, the memory goes back. */
const IDLE_MS = 5_000;

/** Header of a `piece` message: every capacity has room for it behind a round number of bytes. */
const HEADER_BYTES = 13;

/**
 * Buffers of `piece` messages, used again once they have left: allocating a quarter of a megabyte for each took a third
 * of a seed's time (848 ms of garbage collection per GiB). Peers ask for all lengths, so each buffer has one of few
 * capacities, twice what is needed at most: kept by length, those of lengths that nobody asks for any more would fill the pool.
 */
export class FramePool {
  readonly #spare = new Map<number, ArrayBufferLike[]>();
  #spareBytes = 0;
  #usedAt = 0;

  /** `length` bytes with any content. */
  take(length: number, now: number): Uint8Array {
    this.#usedAt = now;
    const capacity = capacityFor(length);
    const spare = this.#spare.get(capacity)?.pop();
    if (spare === undefined) return new Uint8Array(new ArrayBuffer(capacity), 0, length);
    this.#spareBytes -= capacity;
    return new Uint8Array(spare, 0, length);
  }

  /** The caller keeps no view of it. A function of its own, to be handed over as it is. */
  readonly give = ({ buffer }: Uint8Array): void => {
    const capacity = buffer.byteLength;
    if (capacity < MIN_FRAME_BYTES || this.#spareBytes + capacity > MAX_SPARE_BYTES) return;
    this.#spareBytes += capacity;
    const spare = this.#spare.get(capacity);
    if (spare === undefined) this.#spare.set(capacity, [buffer]);
    else spare.push(buffer);
  };

  /** To be called about once a second. */
  tick(now: number): void {
    if (this.#spareBytes > 0 && now - this.#usedAt >= IDLE_MS) this.clear();
  }

  clear(): void {
    this.#spare.clear();
    this.#spareBytes = 0;
  }
}

function capacityFor(length: number): number {
  if (length < MIN_FRAME_BYTES) return length;
  let bytes = MIN_FRAME_BYTES;
  while (bytes + HEADER_BYTES < length) bytes *= 2;
  return bytes + HEADER_BYTES;
}
