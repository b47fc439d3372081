import type { Metainfo } from "../torrent/metainfo.js";
import { Bitfield } from "../torrent/bitfield.js";
import type { SeedFailure } from "./seed-failure.js";

/** What a server does not have, or will not give, is asked for again after this long. */
const LONG_MS = 60 * 60_000;
/** A busy server that does not say when to come back. */
const BUSY_MS = 30_000;
/** Requests to one server at once: few, and enough to fill a line while each waits for its first byte. */
const MAX_REQUESTS = 4;
/** Each file that is not there costs a link: more of them, and the URL leads elsewhere altogether. */
const MAX_MISSING_FILES = 32;

/** What is known of one web seed from one link to the next. Times in milliseconds of the runtime's clock. */
export class SeedHealth {
  readonly #metainfo: Metainfo;
  /** Files that it does not have, with when that may have changed. */
  readonly #missing = new Map<number, number>();
  #restsUntil = Number.NEGATIVE_INFINITY;
  #maxRequests = MAX_REQUESTS;

  constructor(metainfo: Metainfo) {
    this.#metainfo = metainfo;
  }

  /** It is not to be asked for anything yet. */
  isResting(now: number): boolean {
    return now < this.#restsUntil;
  }

  /** How many requests it may be sent at once: one, if more were too many for it. */
  get maxRequests(): number {
    return this.#maxRequests;
  }

  /** The pieces that it has, as far as is known. */
  pieces(now: number): Bitfield {
    const { geometry, files } = this.#metainfo;
    const pieces = Bitfield.full(geometry.pieceCount);
    for (const [file, until] of this.#missing) {
      const entry = files[file];
      if (entry === undefined || until <= now) continue;
      const { first, end } = geometry.piecesOf(entry.offset, entry.length);
      for (let piece = first; piece < end; piece++) pieces.clear(piece);
    }
    return pieces;
  }

  /** A link has failed over `file`. True when the seed as a whole is given up for long. */
  onFailure(failure: SeedFailure, file: number, now: number): boolean {
    switch (failure.kind) {
      case "trouble":
        return false;
      case "busy":
        this.#restsUntil = now + (failure.retryAfterMs ?? BUSY_MS);
        this.#maxRequests = 1;
        return false;
      case "file":
        this.#missing.set(file, now + LONG_MS);
        if (this.#missing.size <= MAX_MISSING_FILES && !this.pieces(now).isEmpty) return false;
        this.#missing.clear();
        break;
      case "unusable":
        break;
    }
    this.#restsUntil = now + LONG_MS;
    return true;
  }
}
