import { ShoalError } from "../src/base/errors.js";
import type { PieceIndex } from "../src/base/ids.js";
import type { PieceStore } from "../src/ports/piece-store.js";

export interface MemoryPieceStoreOptions {
  readonly pieceCount: number;
  /** Where the pieces are kept; a store opened later on the same map has them too. */
  readonly pieces?: Map<number, Uint8Array> | undefined;
  /** Writes beyond it reject with ShoalError("disk-full"); no limit when left out. */
  readonly maxBytes?: number | undefined;
}

/** Holds the pieces of a share in memory: for small shares, for tabs without storage, and for tests. */
export function createMemoryPieceStore(options: MemoryPieceStoreOptions): PieceStore {
  return new MemoryPieceStore(options);
}

class MemoryPieceStore implements PieceStore {
  readonly #pieceCount: number;
  readonly #pieces: Map<number, Uint8Array>;
  readonly #maxBytes: number;
  #bytes = 0;
  #isClosed = false;

  constructor(options: MemoryPieceStoreOptions) {
    this.#pieceCount = options.pieceCount;
    this.#pieces = options.pieces ?? new Map<number, Uint8Array>();
    this.#maxBytes = options.maxBytes ?? Infinity;
    for (const data of this.#pieces.values()) this.#bytes += data.length;
  }

  present(): Uint8Array {
    const present = new Uint8Array(this.#pieceCount);
    for (const piece of this.#pieces.keys()) present[piece] = 1;
    return present;
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      const data = this.#pieces.get(piece);
      if (data === undefined) throw new ShoalError("disk", `Piece ${piece} is not here`);
      if (begin < 0 || begin + into.length > data.length) {
        throw new ShoalError("disk", `Piece ${piece} has ${data.length} bytes, not ${into.length} at ${begin}`);
      }
      into.set(data.subarray(begin, begin + into.length));
    });
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      const bytes = this.#bytes - (this.#pieces.get(piece)?.length ?? 0) + data.length;
      if (bytes > this.#maxBytes)
        throw new ShoalError("disk-full", `Only ${this.#maxBytes} bytes of memory may be used`);
      this.#pieces.set(piece, new Uint8Array(data));
      this.#bytes = bytes;
    });
  }

  flush(): Promise<void> {
    return this.#attempt(() => undefined);
  }

  remove(piece: PieceIndex): Promise<void> {
    return this.#attempt(() => {
      this.#bytes -= this.#pieces.get(piece)?.length ?? 0;
      this.#pieces.delete(piece);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #attempt(act: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) throw new ShoalError("disk", "The store is closed");
      act();
      resolve();
    });
  }
}
