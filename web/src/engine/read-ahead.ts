export interface ReadAheadOptions {
  /** Bytes read at once: large, since each read of a picked file costs a message between processes. */
  readonly sliceBytes: number;
  /** Slices that are read before they are asked for. */
  readonly ahead: number;
  /** Slices kept, those under way included. */
  readonly kept: number;
}

/** For hashing, which goes from the first byte to the last: four slices under way (533 MiB/s against 96 by pieces). */
export const FOR_HASHING: ReadAheadOptions = { sliceBytes: 4 * 1024 * 1024, ahead: 3, kept: 8 };

/**
 * For requests, which come in blocks of 256 KiB: relays ask for pieces in their order, so what follows is likely to be
 * next. Making a slice costs a worker some milliseconds, whatever its size.
 */
export const FOR_REQUESTS: ReadAheadOptions = { sliceBytes: 4 * 1024 * 1024, ahead: 1, kept: 4 };

/**
 * Reads a Blob in slices, the next ones ahead, and keeps the last few. Invariant: `#slices` holds the reads by their
 * number, least recently used first.
 */
export class ReadAhead {
  readonly #blob: Blob;
  readonly #options: ReadAheadOptions;
  readonly #slices = new Map<number, Promise<Uint8Array>>();

  constructor(blob: Blob, options: ReadAheadOptions) {
    this.#blob = blob;
    this.#options = options;
  }

  /** Fills `into` from `offset` of the Blob; resolves to how many bytes there were. Rejects as the Blob's reading does. */
  async read(offset: number, into: Uint8Array): Promise<number> {
    const { sliceBytes } = this.#options;
    let filled = 0;
    const end = Math.min(into.length, this.#blob.size - offset);
    while (filled < end) {
      const number = Math.floor((offset + filled) / sliceBytes);
      const slice = await this.#slice(number);
      const part = slice.subarray(offset + filled - number * sliceBytes).subarray(0, end - filled);
      if (part.length === 0) return filled;
      into.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  /** Forgets what was read. */
  clear(): void {
    this.#slices.clear();
  }

  #slice(number: number): Promise<Uint8Array> {
    const slice = this.#start(number);
    for (let next = number + 1; next <= number + this.#options.ahead; next++) {
      if (next * this.#options.sliceBytes < this.#blob.size) void this.#start(next);
    }
    for (const oldest of this.#slices.keys()) {
      if (this.#slices.size <= this.#options.kept) break;
      this.#slices.delete(oldest);
    }
    return slice;
  }

  #start(number: number): Promise<Uint8Array> {
    const known = this.#slices.get(number);
    this.#slices.delete(number);
    const slice = known ?? this.#load(number);
    this.#slices.set(number, slice);
    return slice;
  }

  #load(number: number): Promise<Uint8Array> {
    const { sliceBytes } = this.#options;
    const reading = this.#blob
      .slice(number * sliceBytes, (number + 1) * sliceBytes)
      .arrayBuffer()
      .then((buffer) => new Uint8Array(buffer));
    // Whoever asks for it hears of a failure; what failed is not kept.
    reading.catch(() => {
      if (this.#slices.get(number) === reading) this.#slices.delete(number);
    });
    return reading;
  }
}
