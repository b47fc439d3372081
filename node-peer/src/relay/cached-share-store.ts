import { ShoalError, type Hasher, type InfoHash, type PieceIndex, type PieceStore } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { runParallel } from "../storage/run-parallel.js";
import type { CacheFiles } from "./cache-files.js";
import type { CachedPiece, CacheIndex } from "./cache-index.js";
import type { PieceProver } from "./piece-prover.js";
import type { RecentPieces } from "./recent-pieces.js";

/** How often files are told when they were served: what a crash forgets is who was served in the meantime. */
const NOTE_MS = 60_000;
/** Files told at once: libuv has four threads. */
const PARALLEL_NOTES = 4;

/** The cache as its stores see it. */
export interface CacheParts {
  readonly files: CacheFiles;
  readonly index: CacheIndex;
  readonly prover: PieceProver;
  readonly recent: RecentPieces;
  readonly hasher: Hasher;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Sets `bytes` aside for a piece, forgetting others if need be; resolves to how they are given back. Rejects with
   * ShoalError "disk-full".
   */
  reserve(bytes: number): Promise<() => void>;
  /** A part of a piece was read. */
  onServed(piece: CachedPiece, bytes: number): void;
  onStored(piece: CachedPiece): void;
  /** A share has given up a piece that was as it was stored, for another one's sake. */
  onEvicted(): void;
  /** What was stored cannot be read, or is something else. */
  onRotten(): void;
  onClosed(store: CachedShareStore): Promise<void>;
}

/** The pieces of one share in a cache on disk. */
export class CachedShareStore implements PieceStore {
  readonly infoHash: InfoHash;
  readonly #metainfo: Metainfo;
  readonly #cache: CacheParts;
  readonly #present: Uint8Array;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Served since their files were told so. */
  #served = new Set<CachedPiece>();
  #notedAt: number;
  #closing: Promise<void> | undefined;

  /** The cache has the share open, and what is kept of it fits the metainfo. */
  constructor(metainfo: Metainfo, cache: CacheParts) {
    this.infoHash = metainfo.infoHash;
    this.#metainfo = metainfo;
    this.#cache = cache;
    this.#notedAt = cache.now();
    this.#present = new Uint8Array(metainfo.geometry.pieceCount);
    for (const { piece } of cache.index.pieces(this.infoHash)) this.#present[piece] = 1;
  }

  present(): Uint8Array {
    return this.#present;
  }

  /** A piece that cannot be read, or is not what was stored, is forgotten. */
  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#attempt(async () => {
      const kept = this.#cache.index.find(this.infoHash, piece);
      if (kept === undefined) throw new ShoalError("disk", `Piece ${piece} is not in the cache`);
      if (begin < 0 || begin + into.length > kept.bytes)
        throw new ShoalError("disk", `Piece ${piece} has ${kept.bytes} bytes, not ${into.length} at ${begin}`);
      try {
        if (!this.#cache.recent.read(kept, begin, into)) {
          await this.#cache.prover.prove(kept, this.#metainfo);
          await this.#cache.files.read(kept, begin, into);
        }
      } catch (error) {
        if (this.#cache.index.find(this.infoHash, piece) === kept) this.#cache.onRotten();
        await this.#forget(kept);
        throw error;
      }
      this.#onServed(kept, into.length);
    });
  }

  /** Rejects with ShoalError "disk-full" when the quota leaves no room, too. */
  async write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    await this.#store(piece, data, async (stored) => {
      await this.#cache.files.write(stored, data);
      return true;
    });
  }

  /** Rejects as `write` does. */
  readonly writeIfMatching = (piece: PieceIndex, data: Uint8Array, sha1: Uint8Array): Promise<boolean> => {
    const { files, hasher } = this.#cache;
    return this.#store(piece, data, async (stored) => {
      const isStored = await files.writeIfMatching(stored, data, sha1);
      if (isStored !== undefined) return isStored;
      if (Buffer.compare(await hasher.sha1(data), sha1) !== 0) return false;
      await files.write(stored, data);
      return true;
    });
  };

  /** Notes a piece as stored if `write` resolves to true. */
  #store(piece: PieceIndex, data: Uint8Array, write: (stored: CachedPiece) => Promise<boolean>): Promise<boolean> {
    return this.#attempt(async () => {
      const size = this.#metainfo.geometry.pieceSize(piece);
      if (data.length !== size) throw new ShoalError("disk", `Piece ${piece} has ${size} bytes, not ${data.length}`);
      const cache = this.#cache;
      const release = await cache.reserve(size);
      try {
        const stored = { infoHash: this.infoHash, piece, bytes: size, servedAt: cache.now(), isProven: true };
        if (!(await write(stored))) return false;
        cache.onStored(stored);
        cache.recent.add(stored, data);
        return true;
      } finally {
        release();
      }
    });
  }

  /** Waits for what is under way; nothing is synced (see FsPieceCache). */
  flush(): Promise<void> {
    const before = [...this.#underWay];
    return this.#attempt(async () => {
      await Promise.allSettled(before);
      await this.#noteServed();
    });
  }

  /** Each piece is hashed again when it is next read from the disk. */
  readonly distrust = (): void => {
    for (const piece of this.#cache.index.pieces(this.infoHash)) piece.isProven = false;
  };

  remove(piece: PieceIndex): Promise<void> {
    return this.#attempt(async () => {
      const kept = this.#cache.index.find(this.infoHash, piece);
      if (kept === undefined) return;
      this.#cache.onEvicted();
      await this.#forget(kept);
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#noteServed();
    await this.#cache.onClosed(this);
  }

  /** Another piece may have taken its place meanwhile: that one stays. */
  async #forget(kept: CachedPiece): Promise<void> {
    this.#cache.recent.drop(kept);
    if (this.#cache.index.remove(kept)) await this.#cache.files.remove(kept);
  }

  #onServed(kept: CachedPiece, bytes: number): void {
    this.#cache.onServed(kept, bytes);
    this.#served.add(kept);
    if (this.#closing === undefined && this.#cache.now() - this.#notedAt >= NOTE_MS)
      void this.#attempt(() => this.#noteServed());
  }

  async #noteServed(): Promise<void> {
    const served = this.#served;
    this.#served = new Set();
    this.#notedAt = this.#cache.now();
    await runParallel(served, PARALLEL_NOTES, async (kept) => {
      if (this.#cache.index.find(this.infoHash, kept.piece) !== kept) return;
      await this.#cache.files.noteServed(kept, kept.servedAt);
    });
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new ShoalError("disk", "The store is closed");
    const attempt = work();
    this.#underWay.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#underWay.delete(attempt);
    }
  }
}
