import type { InfoHash } from "@shoal/peer-core";

/** One piece that is kept on disk. */
export interface CachedPiece {
  readonly infoHash: InfoHash;
  readonly piece: number;
  readonly bytes: number;
  /** Milliseconds since 1970: when it was stored, or a part of it given to somebody. */
  servedAt: number;
  /** Its hash was right since this process started, or it was stored by it. */
  isProven: boolean;
}

interface CachedShare {
  readonly pieces: Map<number, CachedPiece>;
  infoBytes: number;
  isOpen: boolean;
}

/**
 * What a cache keeps and which piece of it is to be forgotten next; no I/O. Invariant: `usedBytes` is the sum of all pieces
 * and metainfos, and no share is listed that has neither and is not open.
 */
export class CacheIndex {
  readonly #shares = new Map<InfoHash, CachedShare>();
  /** Pieces of shares that are not open, the one served longest ago last; undefined when a share has been closed since. */
  #forgettable: CachedPiece[] | undefined;
  #usedBytes = 0;
  #pieceCount = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get pieceCount(): number {
    return this.#pieceCount;
  }

  find(infoHash: InfoHash, piece: number): CachedPiece | undefined {
    return this.#shares.get(infoHash)?.pieces.get(piece);
  }

  pieces(infoHash: InfoHash): readonly CachedPiece[] {
    return [...(this.#shares.get(infoHash)?.pieces.values() ?? [])];
  }

  /** Bytes of the metainfo that lies beside the pieces; 0 when there is none. */
  infoBytes(infoHash: InfoHash): number {
    return this.#shares.get(infoHash)?.infoBytes ?? 0;
  }

  isOpen(infoHash: InfoHash): boolean {
    return this.#shares.get(infoHash)?.isOpen ?? false;
  }

  hasPieces(infoHash: InfoHash): boolean {
    return (this.#shares.get(infoHash)?.pieces.size ?? 0) > 0;
  }

  /** Takes a piece in, in place of what was known of it. */
  add(piece: CachedPiece): void {
    const share = this.#share(piece.infoHash);
    this.#count(share.pieces.get(piece.piece), -1);
    share.pieces.set(piece.piece, piece);
    this.#count(piece, 1);
    if (!share.isOpen) this.#forgettable = undefined;
  }

  /** False when it was gone already, or another one has taken its place. */
  remove(piece: CachedPiece): boolean {
    const share = this.#shares.get(piece.infoHash);
    if (share?.pieces.get(piece.piece) !== piece) return false;
    share.pieces.delete(piece.piece);
    this.#count(piece, -1);
    this.#drop(piece.infoHash, share);
    return true;
  }

  setInfoBytes(infoHash: InfoHash, bytes: number): void {
    const share = this.#share(infoHash);
    this.#usedBytes += bytes - share.infoBytes;
    share.infoBytes = bytes;
    this.#drop(infoHash, share);
  }

  /** From now on nothing of the share is forgotten by itself. */
  open(infoHash: InfoHash): void {
    this.#share(infoHash).isOpen = true;
  }

  close(infoHash: InfoHash): void {
    const share = this.#share(infoHash);
    share.isOpen = false;
    this.#forgettable = undefined;
    this.#drop(infoHash, share);
  }

  /** The piece that has been served longest ago, of those whose shares are not open; undefined when there is none. */
  nextToForget(): CachedPiece | undefined {
    this.#forgettable ??= this.#sorted();
    for (;;) {
      const last = this.#forgettable.at(-1);
      if (last === undefined || this.#isForgettable(last)) return last;
      this.#forgettable.pop();
    }
  }

  #isForgettable(piece: CachedPiece): boolean {
    const share = this.#shares.get(piece.infoHash);
    return share?.isOpen === false && share.pieces.get(piece.piece) === piece;
  }

  /** Sorting all of them is rare: the order of shares that are not open does not change. */
  #sorted(): CachedPiece[] {
    const closed = [...this.#shares.values()].filter(({ isOpen }) => !isOpen);
    return closed.flatMap(({ pieces }) => [...pieces.values()]).sort((a, b) => b.servedAt - a.servedAt);
  }

  #share(infoHash: InfoHash): CachedShare {
    const known = this.#shares.get(infoHash);
    if (known !== undefined) return known;
    const share = { pieces: new Map<number, CachedPiece>(), infoBytes: 0, isOpen: false };
    this.#shares.set(infoHash, share);
    return share;
  }

  #count(piece: CachedPiece | undefined, sign: 1 | -1): void {
    if (piece === undefined) return;
    this.#usedBytes += sign * piece.bytes;
    this.#pieceCount += sign;
  }

  #drop(infoHash: InfoHash, share: CachedShare): void {
    if (share.pieces.size === 0 && share.infoBytes === 0 && !share.isOpen) this.#shares.delete(infoHash);
  }
}
