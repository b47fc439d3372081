import { pieceFrame } from "../wire/encode.js";
import type { FileRange } from "./file-ranges.js";

/** A block as the wire names it. */
export interface BlockTriple {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** A block that was asked for, while its bytes come. */
interface Block {
  readonly triple: BlockTriple;
  /** Its `piece` message, made with the first byte. */
  frame: ReturnType<typeof pieceFrame> | undefined;
  /** Bytes that have not come. */
  left: number;
  isCancelled: boolean;
}

/** The stretch of a block that lies in one file. */
interface Part {
  readonly block: Block;
  /** Where it begins in the block. */
  readonly at: number;
  readonly range: FileRange;
}

/** Neighbouring parts in one file, to be fetched as one range. */
export interface Job {
  readonly file: number;
  readonly from: number;
  readonly until: number;
  readonly parts: readonly Part[];
  readonly abort: AbortController;
}

/** Bytes of one range at most: long enough that the wait for its first byte matters little, and soon given up again. */
const MAX_JOB_BYTES = 4 * 1024 * 1024;

/**
 * Blocks asked of a web seed: cut into parts by file, put together to ranges, filled in whatever order the ranges come.
 *
 * Invariant: `#waiting` holds the parts that no job has taken, the oldest first, by where they begin, and `#endings` the
 * same by where they end; a block is in `#blocks` until it is answered or cancelled.
 */
export class BlockQueue {
  readonly #blocks = new Map<string, Block>();
  readonly #waiting = new Map<string, Part>();
  readonly #endings = new Map<string, Part>();
  readonly #jobs = new Set<Job>();
  readonly #onFrame: (frame: Uint8Array) => void;

  /** `onFrame` gets each whole `piece` message, which is its own. */
  constructor(onFrame: (frame: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** Blocks that are neither answered nor cancelled. */
  get size(): number {
    return this.#blocks.size;
  }

  /** Jobs taken and not done. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /** `ranges` make up the block. False when it overlaps one that waits: it is not taken. */
  add(triple: BlockTriple, ranges: readonly FileRange[]): boolean {
    if (this.#blocks.has(keyOf(triple)) || ranges.some((range) => this.#waiting.has(placeOf(range)))) return false;
    const block: Block = { triple, frame: undefined, left: triple.length, isCancelled: false };
    this.#blocks.set(keyOf(triple), block);
    let at = 0;
    for (const range of ranges) {
      const part: Part = { block, at, range };
      at += range.until - range.from;
      // A frame is zero until it is filled.
      if (range.isPadding) this.#filled(block, range.until - range.from);
      else this.#add(part);
    }
    return true;
  }

  /** False when the block is not here. What a job fetches for nobody is given up. */
  cancel(triple: BlockTriple): boolean {
    const block = this.#blocks.get(keyOf(triple));
    if (block === undefined) return false;
    block.isCancelled = true;
    this.#blocks.delete(keyOf(triple));
    for (const part of [...this.#waiting.values()]) if (part.block === block) this.#remove(part);
    for (const job of this.#jobs) if (job.parts.every((part) => part.block.isCancelled)) job.abort.abort();
    return true;
  }

  /** The oldest part that waits, with all its neighbours in its file; undefined when there is none. */
  take(): Job | undefined {
    const oldest = this.#waiting.values().next().value;
    if (oldest === undefined) return undefined;
    const { file } = oldest.range;
    const parts = [oldest];
    let { from, until } = oldest.range;
    const add = (part: Part | undefined, place: "before" | "behind"): boolean => {
      if (part === undefined || until - from + part.range.until - part.range.from > MAX_JOB_BYTES) return false;
      if (place === "before") parts.unshift(part);
      else parts.push(part);
      from = Math.min(from, part.range.from);
      until = Math.max(until, part.range.until);
      return true;
    };
    while (add(this.#waiting.get(placeOf({ file, from: until })), "behind"));
    // In end game blocks are asked for from behind.
    while (add(this.#endings.get(placeOf({ file, from })), "before"));
    for (const part of parts) this.#remove(part);
    const job: Job = { file, from, until, parts, abort: new AbortController() };
    this.#jobs.add(job);
    return job;
  }

  /** Bytes of a job, `offset` bytes behind its begin. */
  fill(job: Job, offset: number, bytes: Uint8Array): void {
    const from = job.from + offset;
    const until = from + bytes.length;
    for (const { block, at, range } of job.parts) {
      const first = Math.max(from, range.from);
      const end = Math.min(until, range.until);
      if (first >= end || block.isCancelled) continue;
      block.frame ??= pieceFrame(block.triple.piece, block.triple.begin, block.triple.length);
      block.frame.block.set(bytes.subarray(first - from, end - from), at + first - range.from);
      this.#filled(block, end - first);
    }
  }

  /** Blocks of a job that still lack something and were not cancelled. */
  unfinished(job: Job): BlockTriple[] {
    const blocks = new Set(job.parts.map((part) => part.block));
    return [...blocks].filter((block) => block.left > 0 && !block.isCancelled).map((block) => block.triple);
  }

  done(job: Job): void {
    this.#jobs.delete(job);
  }

  /** Gives everything up. */
  clear(): void {
    this.#blocks.clear();
    this.#waiting.clear();
    this.#endings.clear();
    for (const job of this.#jobs) job.abort.abort();
  }

  #add(part: Part): void {
    this.#waiting.set(placeOf(part.range), part);
    this.#endings.set(endOf(part.range), part);
  }

  #remove(part: Part): void {
    this.#waiting.delete(placeOf(part.range));
    this.#endings.delete(endOf(part.range));
  }

  #filled(block: Block, bytes: number): void {
    block.left -= bytes;
    if (block.left > 0) return;
    const { piece, begin, length } = block.triple;
    this.#blocks.delete(keyOf(block.triple));
    this.#onFrame((block.frame ?? pieceFrame(piece, begin, length)).bytes);
  }
}

function keyOf({ piece, begin, length }: BlockTriple): string {
  return `${piece} ${begin} ${length}`;
}

function placeOf({ file, from }: { readonly file: number; readonly from: number }): string {
  return `${file} ${from}`;
}

function endOf({ file, until }: { readonly file: number; readonly until: number }): string {
  return `${file} ${until}`;
}
