import { ShoalError, type Hasher } from "@shoal/peer-core";
import { pieceHash, type Metainfo } from "@shoal/peer-core/torrent";
import type { CacheFiles } from "./cache-files.js";
import type { CachedPiece } from "./cache-index.js";

/** Pieces read and hashed at once: each has up to 16 MiB in memory. */
const MAX_PROOFS = 4;

/** Hashes pieces that are from before a restart, once each, however many ask at the same time. */
export class PieceProver {
  readonly #files: CacheFiles;
  readonly #hasher: Hasher;
  readonly #running = new Map<CachedPiece, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(files: CacheFiles, hasher: Hasher) {
    this.#files = files;
    this.#hasher = hasher;
  }

  /** Rejects with ShoalError "disk" when the piece is not what `metainfo` says, or cannot be read. */
  async prove(piece: CachedPiece, metainfo: Metainfo): Promise<void> {
    if (piece.isProven) return;
    const running = this.#running.get(piece) ?? this.#start(piece, metainfo);
    await running;
  }

  #start(piece: CachedPiece, metainfo: Metainfo): Promise<void> {
    const proof = this.#inTurn(() => this.#hash(piece, metainfo)).finally(() => this.#running.delete(piece));
    this.#running.set(piece, proof);
    return proof;
  }

  async #hash(piece: CachedPiece, metainfo: Metainfo): Promise<void> {
    const bytes = this.#hasher.allocate?.(piece.bytes) ?? new Uint8Array(piece.bytes);
    await this.#files.read(piece, 0, bytes);
    const expected = pieceHash(metainfo, metainfo.geometry.pieceIndex(piece.piece));
    if (Buffer.compare(await this.#hasher.sha1(bytes), expected) !== 0) {
      throw new ShoalError("disk", `${this.#files.pathOf(piece)} is not what was stored`);
    }
    piece.isProven = true;
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#busy >= MAX_PROOFS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy++;
    try {
      await work();
    } finally {
      // A place that somebody waits for changes hands.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }
}
