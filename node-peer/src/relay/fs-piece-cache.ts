import { ShoalError, type Hasher, type InfoHash, type PieceCache, type PieceStore } from "@shoal/peer-core";
import { MAX_METAINFO_BYTES, parseInfo, type Metainfo } from "@shoal/peer-core/torrent";
import { diskError } from "../storage/disk-error.js";
import type { CheckedCreator } from "../storage/checked-writer.js";
import { makeFolder } from "../storage/make-folder.js";
import { CacheFiles } from "./cache-files.js";
import { CacheIndex, type CachedPiece } from "./cache-index.js";
import { defaultQuota } from "./cache-quota.js";
import { CachedShareStore, type CacheParts } from "./cached-share-store.js";
import { PieceProver } from "./piece-prover.js";
import { RecentPieces } from "./recent-pieces.js";
import { scanCache } from "./scan-cache.js";

/** Pieces in all: each costs some 150 bytes of memory, and a start looks at every file. */
const MAX_CACHED_PIECES = 2 ** 20;

export interface FsPieceCacheOptions {
  /** Made if missing. For one process at a time. */
  readonly directory: string;
  /** 10 GiB or half of the free disk, the smaller, when left out. */
  readonly quotaBytes?: number | undefined;
  readonly hasher: Hasher;
  /** Hashes and writes away from this thread, where there is such. */
  readonly creator?: CheckedCreator | undefined;
  /** Milliseconds since 1970; Date.now when left out. */
  readonly now?: (() => number) | undefined;
  /** Of pieces stored last that are in memory, too; 64 MiB when left out. */
  readonly recentBytes?: number | undefined;
  /** 2^20 when left out. */
  readonly maxPieces?: number | undefined;
}

/** What a cache has done since it was opened. */
export interface CacheCounts {
  readonly pieces: number;
  /** Bytes given to peers, and bytes stored. */
  readonly servedBytes: number;
  readonly storedBytes: number;
  /** Pieces forgotten to make room, and pieces that were not what was stored. */
  readonly evictions: number;
  readonly rotten: number;
}

/** Opens what is kept in a folder, in whatever state that is. Rejects with ShoalError "disk" when it cannot be used at all. */
export async function openFsPieceCache(options: FsPieceCacheOptions): Promise<FsPieceCache> {
  const { directory, maxPieces = MAX_CACHED_PIECES, now = Date.now } = options;
  const index = new CacheIndex();
  const files = new CacheFiles(directory, options.creator);
  try {
    await makeFolder(directory, 0o700);
    for (const { infoHash, infoBytes, pieces } of await scanCache(directory, maxPieces)) {
      if (pieces.length === 0) {
        await files.removeShareFolder(infoHash);
        continue;
      }
      index.setInfoBytes(infoHash, infoBytes);
      for (const { piece, bytes, changedAt } of pieces) {
        // A clock that was set back must not make pieces young for ever.
        index.add({ infoHash, piece, bytes, servedAt: Math.min(changedAt, now()), isProven: false });
      }
    }
  } catch (error) {
    throw diskError(error, "use as a cache", directory);
  }
  const quotaBytes = options.quotaBytes ?? (await defaultQuota(directory, index.usedBytes));
  const cache = new FsPieceCache({ ...options, quotaBytes }, index, files);
  await cache.trim();
  return cache;
}

/**
 * Keeps pieces in files, within a quota. Nothing is synced: what a power failure damages is found when it is first read, as
 * is everything from before a restart.
 */
export class FsPieceCache implements PieceCache, CacheParts {
  readonly quotaBytes: number;
  readonly files: CacheFiles;
  readonly index: CacheIndex;
  readonly prover: PieceProver;
  readonly now: () => number;
  readonly recent: RecentPieces;
  readonly hasher: Hasher;
  readonly #maxPieces: number;
  readonly #open = new Set<CachedShareStore>();
  #counts = { servedBytes: 0, storedBytes: 0, evictions: 0, rotten: 0 };
  /** Being written. */
  #reservedBytes = 0;
  #reservedPieces = 0;
  /** Opening, closing and making room, one after the other: they must not meet in one folder. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FsPieceCacheOptions & { readonly quotaBytes: number }, index: CacheIndex, files: CacheFiles) {
    this.quotaBytes = options.quotaBytes;
    this.files = files;
    this.index = index;
    this.prover = new PieceProver(this.files, options.hasher);
    this.now = options.now ?? Date.now;
    this.recent = new RecentPieces(options.recentBytes);
    this.hasher = options.hasher;
    this.#maxPieces = options.maxPieces ?? MAX_CACHED_PIECES;
  }

  /** Pieces with their metainfos; what is being written counts when it is there. */
  get usedBytes(): number {
    return this.index.usedBytes;
  }

  get counts(): CacheCounts {
    return { ...this.#counts, pieces: this.index.pieceCount };
  }

  /** Rejects with ShoalError "exists" when the share is open, "disk" when its folder cannot be used. */
  open(metainfo: Metainfo): Promise<PieceStore> {
    return this.#inTurn(async () => {
      const { infoHash } = metainfo;
      if (this.index.isOpen(infoHash)) throw new ShoalError("exists", `The share ${infoHash} is open already`);
      this.index.open(infoHash);
      try {
        await this.files.makeShareFolder(infoHash);
        await this.#dropMisfits(metainfo);
        await this.#keepInfo(metainfo);
      } catch (error) {
        this.index.close(infoHash);
        throw error;
      }
      const store = new CachedShareStore(metainfo, this);
      this.#open.add(store);
      return store;
    });
  }

  makeRoom(bytes: number): Promise<void> {
    return this.#inTurn(() => this.#forget(bytes, 1));
  }

  /** Forgets what is beyond the quota, which was larger last time. */
  trim(): Promise<void> {
    return this.#inTurn(() => this.#forget(0, 0));
  }

  /** The metainfo that was kept with a share's pieces; undefined when there is none that is whole. Never rejects. */
  async metainfo(infoHash: InfoHash): Promise<Metainfo | undefined> {
    if (this.index.infoBytes(infoHash) === 0) return undefined;
    const bytes = await this.files.readInfo(infoHash, MAX_METAINFO_BYTES);
    if (bytes === undefined) return undefined;
    const metainfo = await parseInfo(bytes, this.hasher).catch(() => undefined);
    return metainfo?.infoHash === infoHash ? metainfo : undefined;
  }

  /** Closes all stores and files; no call may follow. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((store) => store.close()));
    await this.#turn;
    this.recent.clear();
    await this.files.close();
  }

  async reserve(bytes: number): Promise<() => void> {
    if (this.#fitsBesidesReserved(bytes)) return this.#setAside(bytes);
    return await this.#inTurn(async () => {
      // Others may take at once what has become free.
      while (!this.#fitsBesidesReserved(bytes)) {
        if (this.index.nextToForget() === undefined) throw this.#fullError(bytes);
        await this.#forget(this.#reservedBytes + bytes, this.#reservedPieces + 1);
      }
      return this.#setAside(bytes);
    });
  }

  onServed(piece: CachedPiece, bytes: number): void {
    piece.servedAt = this.now();
    this.#counts.servedBytes += bytes;
  }

  onStored(piece: CachedPiece): void {
    this.index.add(piece);
    this.#counts.storedBytes += piece.bytes;
  }

  onEvicted(): void {
    this.#counts.evictions++;
  }

  onRotten(): void {
    this.#counts.rotten++;
  }

  async onClosed(store: CachedShareStore): Promise<void> {
    this.#open.delete(store);
    await this.#inTurn(async () => {
      this.index.close(store.infoHash);
      await this.#removeIfEmpty(store.infoHash);
    });
  }

  #fits(bytes: number, pieces: number): boolean {
    return this.usedBytes + bytes <= this.quotaBytes && this.index.pieceCount + pieces <= this.#maxPieces;
  }

  #fitsBesidesReserved(bytes: number): boolean {
    return this.#fits(this.#reservedBytes + bytes, this.#reservedPieces + 1);
  }

  #setAside(bytes: number): () => void {
    this.#reservedBytes += bytes;
    this.#reservedPieces++;
    return () => {
      this.#reservedBytes -= bytes;
      this.#reservedPieces--;
    };
  }

  #fullError(bytes: number): ShoalError {
    const limit = `${this.quotaBytes} bytes and ${this.#maxPieces} pieces`;
    return new ShoalError("disk-full", `The cache may keep ${limit}: there is no room for ${bytes} bytes more`);
  }

  async #forget(bytes: number, pieces: number): Promise<void> {
    while (!this.#fits(bytes, pieces)) {
      const piece = this.index.nextToForget();
      if (piece === undefined) return;
      this.index.remove(piece);
      this.onEvicted();
      await this.files.remove(piece);
      await this.#removeIfEmpty(piece.infoHash);
    }
  }

  async #removeIfEmpty(infoHash: InfoHash): Promise<void> {
    if (this.index.isOpen(infoHash) || this.index.hasPieces(infoHash)) return;
    this.index.setInfoBytes(infoHash, 0);
    await this.files.removeShareFolder(infoHash);
  }

  /** Files of pieces that this share does not have, or that have another size. */
  async #dropMisfits({ infoHash, geometry }: Metainfo): Promise<void> {
    for (const piece of this.index.pieces(infoHash)) {
      if (piece.piece < geometry.pieceCount && piece.bytes === geometry.pieceSize(geometry.pieceIndex(piece.piece)))
        continue;
      this.index.remove(piece);
      await this.files.remove(piece);
    }
  }

  /** Without it, the share is still carried: its metainfo comes from elsewhere again. */
  async #keepInfo({ infoHash, infoBytes }: Metainfo): Promise<void> {
    if (this.index.infoBytes(infoHash) === infoBytes.length) return;
    this.index.setInfoBytes(infoHash, 0);
    await this.#forget(infoBytes.length, 0);
    if (!this.#fits(infoBytes.length, 0)) return;
    const isWritten = await this.files.writeInfo(infoHash, infoBytes).then(
      () => true,
      () => false,
    );
    if (isWritten) this.index.setInfoBytes(infoHash, infoBytes.length);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
