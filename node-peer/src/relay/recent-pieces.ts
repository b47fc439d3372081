import type { CachedPiece } from "./cache-index.js";

/** Of all shares together: as much as is fetched ahead of one downloader, so that the fastest needs no disk. */
const MAX_RECENT_BYTES = 64 * 1024 * 1024;
/** Who has not asked for a piece by then is too slow to gain anything, and the memory goes back. */
const KEPT_MS = 5_000;
/** Buffers that nobody uses are kept for the pieces to come: allocating them anew is most of the work. */
const MAX_SPARE = 4;

interface RecentPiece {
  readonly data: Uint8Array;
  readonly storedMs: number;
}

/**
 * The pieces that were stored last, in memory: somebody is likely to be waiting for them. Invariant: `#bytes` is the sum of
 * what is kept, the oldest first.
 */
export class RecentPieces {
  readonly #maxBytes: number;
  readonly #pieces = new Map<CachedPiece, RecentPiece>();
  readonly #spare: Uint8Array[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(maxBytes = MAX_RECENT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a copy. */
  add(piece: CachedPiece, data: Uint8Array): void {
    if (data.length > this.#maxBytes) return;
    while (this.#bytes + data.length > this.#maxBytes) this.#dropOldest();
    const copy = this.#buffer(data.length);
    copy.set(data);
    this.#pieces.set(piece, { data: copy, storedMs: performance.now() });
    this.#bytes += copy.length;
    this.#timer ??= setTimeout(() => this.#dropOld(), KEPT_MS).unref();
  }

  /** Fills `into` from `begin` of a piece; false when it is not here. */
  read(piece: CachedPiece, begin: number, into: Uint8Array): boolean {
    const kept = this.#pieces.get(piece);
    if (kept === undefined) return false;
    into.set(kept.data.subarray(begin, begin + into.length));
    return true;
  }

  drop(piece: CachedPiece): void {
    const kept = this.#pieces.get(piece);
    if (kept === undefined) return;
    this.#pieces.delete(piece);
    this.#bytes -= kept.data.length;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(kept.data);
  }

  /** Forgets everything, and the memory. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pieces.clear();
    this.#bytes = 0;
    this.#spare.length = 0;
  }

  #buffer(length: number): Uint8Array {
    const at = this.#spare.findIndex((spare) => spare.length === length);
    const [spare] = at < 0 ? [] : this.#spare.splice(at, 1);
    return spare ?? new Uint8Array(length);
  }

  #dropOldest(): void {
    const [oldest] = this.#pieces.keys();
    if (oldest !== undefined) this.drop(oldest);
  }

  #dropOld(): void {
    this.#timer = undefined;
    const bornBefore = performance.now() - KEPT_MS;
    for (const [piece, { storedMs }] of this.#pieces) if (storedMs <= bornBefore) this.drop(piece);
    if (this.#pieces.size === 0) this.clear();
    else this.#timer = setTimeout(() => this.#dropOld(), KEPT_MS).unref();
  }
}
