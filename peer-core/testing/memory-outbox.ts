/** Bytes that wait to leave, in order, in the buffers they were handed over in. */
export class MemoryOutbox {
  readonly #drainBytes: number;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  #wasAboveDrain = false;

  constructor(drainBytes: number) {
    this.#drainBytes = drainBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > this.#drainBytes) this.#wasAboveDrain = true;
  }

  /** Views of the first bytes, at most `limit`. They still count as queued until `leave`. */
  take(limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let room = limit;
    while (room > 0) {
      const first = this.#parts[0];
      if (first === undefined) break;
      taken.push(first.length <= room ? first : first.subarray(0, room));
      if (first.length <= room) this.#parts.shift();
      else this.#parts[0] = first.subarray(room);
      room -= Math.min(first.length, room);
    }
    return taken;
  }

  /** `bytes` that were taken have left; true when that emptied the outbox to the drain level from above it. */
  leave(bytes: number): boolean {
    this.#bytes -= bytes;
    if (!this.#wasAboveDrain || this.#bytes > this.#drainBytes) return false;
    this.#wasAboveDrain = false;
    return true;
  }

  clear(): void {
    // Setting the length of an array is slow, also of an empty one, and each link ends so.
    if (this.#parts.length > 0) this.#parts.length = 0;
    this.#bytes = 0;
    this.#wasAboveDrain = false;
  }
}
