import { readInto } from "./read-into.js";

export interface ReadAheadOptions {
  /** Bytes read at once: large, since each read of a picked file costs a message between processes. */
  readonly sliceBytes: number;
  /** Slices that are read before they are asked for. */
  readonly ahead: number;
  /** Slices kept, those under way included; more than `ahead`. */
  readonly kept: number;
}

/**
 * For requests, which come in blocks of 256 KiB: relays ask for pieces in their order, so what follows is likely to be
 * next. Making a slice costs a worker some milliseconds, whatever its size.
 */
export const FOR_REQUESTS: ReadAheadOptions = { sliceBytes: 4 * 1024 * 1024, ahead: 1, kept: 4 };

/** One read, and how many wait for it or use what it read. */
interface Slice {
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
  users: number;
  isKept: boolean;
}

/**
 * Reads a Blob in slices, the next ones ahead, and keeps the last few. Invariant: `#slices` holds the reads by their
 * number, least recently used first; no other slice lives but in somebody's use. The memory of those that are not kept
 * any more is read into again: a browser may let half a GiB of buffers come together before it collects them (measured
 * in Chromium on a busy machine, where the limit is 150 MiB).
 */
export class ReadAhead {
  readonly #blob: Blob;
  readonly #options: ReadAheadOptions;
  readonly #slices = new Map<number, Slice>();
  readonly #bufferBytes: number;
  readonly #spare: ArrayBuffer[] = [];

  constructor(blob: Blob, options: ReadAheadOptions) {
    this.#blob = blob;
    this.#options = options;
    this.#bufferBytes = Math.min(options.sliceBytes, blob.size);
  }

  /** Fills `into` from `offset` of the Blob; resolves to how many bytes there were. Rejects as the Blob's reading does. */
  async read(offset: number, into: Uint8Array): Promise<number> {
    const { sliceBytes } = this.#options;
    let filled = 0;
    const end = Math.min(into.length, this.#blob.size - offset);
    while (filled < end) {
      const number = Math.floor((offset + filled) / sliceBytes);
      const from = offset + filled - number * sliceBytes;
      const copied = await this.#copy(number, from, into.subarray(filled, end));
      if (copied === 0) return filled;
      filled += copied;
    }
    return filled;
  }

  /** Forgets what was read. */
  clear(): void {
    for (const number of [...this.#slices.keys()]) this.#drop(number);
    this.#spare.length = 0;
  }

  async #copy(number: number, from: number, into: Uint8Array): Promise<number> {
    const slice = this.#slice(number);
    slice.users++;
    try {
      const part = (await slice.bytes).subarray(from).subarray(0, into.length);
      into.set(part);
      return part.length;
    } finally {
      slice.users--;
      this.#reuse(slice);
    }
  }

  #slice(number: number): Slice {
    const slice = this.#start(number);
    for (let next = number + 1; next <= number + this.#options.ahead; next++) {
      if (next * this.#options.sliceBytes < this.#blob.size) this.#start(next);
    }
    for (const oldest of [...this.#slices.keys()].slice(0, -this.#options.kept)) this.#drop(oldest);
    return slice;
  }

  #start(number: number): Slice {
    const slice = this.#slices.get(number) ?? this.#load(number);
    this.#slices.delete(number);
    this.#slices.set(number, slice);
    return slice;
  }

  #load(number: number): Slice {
    const { sliceBytes } = this.#options;
    const part = this.#blob.slice(number * sliceBytes, (number + 1) * sliceBytes);
    const bytes = readInto(part, this.#spare.pop() ?? new ArrayBuffer(this.#bufferBytes));
    const slice = { bytes, users: 0, isKept: true };
    // Whoever asks for it hears of a failure; what failed is not kept.
    slice.bytes.catch(() => {
      if (this.#slices.get(number) === slice) this.#drop(number);
    });
    return slice;
  }

  #drop(number: number): void {
    const slice = this.#slices.get(number);
    if (slice === undefined) return;
    this.#slices.delete(number);
    slice.isKept = false;
    this.#reuse(slice);
  }

  /** Nobody will use a slice again that is neither kept nor in use. */
  #reuse(slice: Slice): void {
    if (slice.isKept || slice.users > 0) return;
    slice.bytes.then(
      ({ buffer }) => {
        if (buffer.byteLength === this.#bufferBytes && this.#spare.length <= this.#options.ahead)
          this.#spare.push(buffer);
      },
      () => undefined,
    );
  }
}
