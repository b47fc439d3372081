import type { PieceStore } from "@shoal/peer-core";
import { ShoalError, type Geometry, type PieceIndex } from "@shoal/peer-core/torrent";
import { BlobLanes } from "./blob-lanes.js";
import { asSourceError } from "./picked-content.js";

/** For as many peers that get pieces in their order, as relays do; who jumps about opens a stream for each piece. */
const LANES = 8;

/**
 * Shares picked files where they are: every piece is present, nothing is ever written. Reads reject with ShoalError
 * "source-changed" once a file is not the one that was picked: the browser tells by its size and time.
 */
export class FileSeedStore implements PieceStore {
  readonly isReadOnly = true;
  readonly #geometry: Geometry;
  readonly #reader: BlobLanes;
  readonly #lost = new Set<number>();

  /** `content`: the bytes of the whole share. */
  constructor(geometry: Geometry, content: Blob) {
    this.#geometry = geometry;
    this.#reader = new BlobLanes(content, LANES);
  }

  present(): Uint8Array {
    const present = new Uint8Array(this.#geometry.pieceCount).fill(1);
    for (const piece of this.#lost) present[piece] = 0;
    return present;
  }

  async read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    if (this.#lost.has(piece)) throw new ShoalError("source-changed", `Piece ${piece} is not what was hashed any more`);
    let got: number;
    try {
      got = await this.#reader.read(this.#geometry.pieceOffset(piece) + begin, into);
    } catch (error) {
      // Gone or changed is the same to those who want it: it is not what was hashed.
      throw new ShoalError("source-changed", asSourceError(error).message, { cause: error });
    }
    if (got < into.length) throw new ShoalError("source-changed", `The files end ${into.length - got} bytes early`);
  }

  write(): Promise<void> {
    return Promise.reject(new ShoalError("source", "The files that are shared are never written to"));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** Does not touch the files: the piece is only not served any more. */
  remove(piece: PieceIndex): Promise<void> {
    this.#lost.add(piece);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#reader.close();
    return Promise.resolve();
  }
}
