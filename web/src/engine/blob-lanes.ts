/** Read at once: more is no faster, and each lane has so much memory of its own. */
const VIEW_BYTES = 256 * 1024;
/** A stream's, after which the next one is opened: what nobody reads any more is soon forgotten. */
const STREAM_BYTES = 64 * 1024 * 1024;

/**
 * Those that wait for bytes. Chromium collects a stream that only its own pending read refers to, and the read is never
 * answered then (seen in its version 156: about once in a thousand reads of 4 MiB).
 */
const waiting = new Set<ReadableStreamBYOBReader>();

/** A stream of a Blob. */
interface Lane {
  readonly reader: ReadableStreamBYOBReader;
  memory: ArrayBuffer;
  /** Where it will stand when all that waits for it has been read. */
  end: number;
  waiting: number;
  /** Settles when what was asked for last has been read; never rejects. */
  turn: Promise<unknown>;
}

/**
 * Reads a Blob by a few streams, each from front to back: the fastest way to read a picked file that browsers have, and
 * the one that takes the least memory (Chromium, 2 cores, with SHA-1: 1 stream 180 to 220 MiB/s, 4 streams 306, slices of
 * 2 MiB 120 and 190 MiB of memory instead of 12). Whoever goes on where a stream will stand gets it, in turn; anybody
 * else a new one.
 */
export class BlobLanes {
  readonly #blob: Blob;
  readonly #count: number;
  /** Least recently used first. */
  #lanes: Lane[] = [];

  /** `count`: streams that are kept, for so many who read at the same time. */
  constructor(blob: Blob, count: number) {
    this.#blob = blob;
    this.#count = count;
  }

  /** Fills `into` from `offset` of the Blob; resolves to how many bytes there were. Rejects as its `arrayBuffer` does. */
  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#blob.size - offset));
    let filled = 0;
    while (filled < length) {
      const got = await this.#readSome(offset + filled, into.subarray(filled, length));
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }

  /** Lets go of every stream; what is under way is still read. */
  close(): void {
    for (const lane of [...this.#lanes]) this.#drop(lane);
  }

  /** Reads as far as a stream goes. */
  async #readSome(offset: number, into: Uint8Array): Promise<number> {
    const lane = this.#laneAt(offset);
    if (lane === undefined) return await this.#readWhole(offset, into);
    lane.end += into.length;
    lane.waiting++;
    const filling = lane.turn.then(() => fill(lane, into));
    lane.turn = filling.catch(() => undefined);
    try {
      const filled = await filling;
      // At its end: those who wait for more of it find nothing, and read for themselves.
      if (filled < into.length) this.#drop(lane);
      return filled;
    } catch {
      // A stream says of every failure the same.
      this.#drop(lane);
      return await this.#readWhole(offset, into);
    } finally {
      lane.waiting--;
    }
  }

  /** Undefined where streams cannot be told where to read to. */
  #laneAt(offset: number): Lane | undefined {
    const lane = this.#lanes.find(({ end }) => end === offset) ?? openLane(this.#blob, offset);
    if (lane === undefined) return undefined;
    this.#lanes = [...this.#lanes.filter((each) => each !== lane), lane];
    const idle = this.#lanes.filter((each) => each.waiting === 0 && each !== lane);
    for (const old of idle.slice(0, Math.max(0, this.#lanes.length - this.#count))) this.#drop(old);
    return lane;
  }

  #drop(lane: Lane): void {
    this.#lanes = this.#lanes.filter((each) => each !== lane);
    void lane.turn.then(() => lane.reader.cancel()).catch(() => undefined);
  }

  async #readWhole(offset: number, into: Uint8Array): Promise<number> {
    const bytes = new Uint8Array(await this.#blob.slice(offset, offset + into.length).arrayBuffer());
    into.set(bytes);
    return bytes.length;
  }
}

function openLane(blob: Blob, offset: number): Lane | undefined {
  try {
    const reader = blob
      .slice(offset, offset + STREAM_BYTES)
      .stream()
      .getReader({ mode: "byob" });
    return { reader, memory: new ArrayBuffer(VIEW_BYTES), end: offset, waiting: 0, turn: Promise.resolve() };
  } catch {
    return undefined;
  }
}

/** Resolves to how much there was before the stream's end. Rejects when there was nothing. */
async function fill(lane: Lane, into: Uint8Array): Promise<number> {
  let filled = 0;
  waiting.add(lane.reader);
  try {
    while (filled < into.length) {
      const view = new Uint8Array(lane.memory, 0, Math.min(VIEW_BYTES, into.length - filled));
      const { value } = await lane.reader.read(view);
      if (value === undefined || value.length === 0) break;
      lane.memory = value.buffer;
      into.set(value, filled);
      filled += value.length;
    }
  } finally {
    waiting.delete(lane.reader);
  }
  if (filled === 0) throw new Error("The stream has ended");
  return filled;
}
