/** Spare frames kept at most: what fills one fast peer's socket a few times over. */
const MAX_SPARE_BYTES = 4 * 1024 * 1024;
/** Shorter frames cost less to allocate than to keep. */
const MIN_FRAME_BYTES = 16 * 1024;
/** Without use for this long, the memory goes back. */
const IDLE_MS = 5_000;

/**
 * Buffers of `piece` messages, used again once they have left: allocating a quarter of a megabyte for each took a third
 * of a seed's time (848 ms of garbage collection per GiB). Peers ask for few different lengths, so spares are kept by length.
 */
export class FramePool {
  readonly #spare = new Map<number, Uint8Array[]>();
  #spareBytes = 0;
  #usedAt = 0;

  /** `length` bytes with any content. */
  take(length: number, now: number): Uint8Array {
    this.#usedAt = now;
    const frame = this.#spare.get(length)?.pop();
    if (frame === undefined) return new Uint8Array(length);
    this.#spareBytes -= length;
    return frame;
  }

  /** The caller keeps no view of it. A function of its own, to be handed over as it is. */
  readonly give = (frame: Uint8Array): void => {
    const { length } = frame;
    if (length < MIN_FRAME_BYTES || this.#spareBytes + length > MAX_SPARE_BYTES) return;
    this.#spareBytes += length;
    const spare = this.#spare.get(length);
    if (spare === undefined) this.#spare.set(length, [frame]);
    else spare.push(frame);
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
