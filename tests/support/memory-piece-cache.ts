import { ShoalError, type InfoHash, type Metainfo, type PieceCache, type PieceStore } from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";

/** A relay's cache in memory, which refuses what exceeds its quota and remembers the most that it ever held. */
export class MemoryPieceCache implements PieceCache {
  readonly quotaBytes: number;
  /** The most that was ever kept. */
  peakBytes = 0;
  readonly #shares = new Map<InfoHash, Map<number, Uint8Array>>();
  readonly #open = new Set<InfoHash>();

  constructor(quotaBytes: number) {
    this.quotaBytes = quotaBytes;
  }

  get usedBytes(): number {
    let used = 0;
    for (const pieces of this.#shares.values()) for (const { length } of pieces.values()) used += length;
    return used;
  }

  /** Pieces that are kept of a share, in order. */
  kept(infoHash: InfoHash): readonly number[] {
    return [...(this.#shares.get(infoHash)?.keys() ?? [])].sort((a, b) => a - b);
  }

  /** Turns a byte of a piece that is kept. */
  rot(infoHash: InfoHash, piece: number): void {
    const bytes = this.#shares.get(infoHash)?.get(piece);
    if (bytes !== undefined) bytes[0] = (bytes[0] ?? 0) ^ 1;
  }

  open({ infoHash, geometry }: Metainfo): Promise<PieceStore> {
    const pieces = this.#shares.get(infoHash) ?? new Map<number, Uint8Array>();
    this.#shares.set(infoHash, pieces);
    this.#open.add(infoHash);
    const store = createMemoryPieceStore({ pieceCount: geometry.pieceCount, pieces });
    return Promise.resolve({
      present: () => store.present(),
      read: (piece, begin, into) => store.read(piece, begin, into),
      flush: () => store.flush(),
      remove: (piece) => store.remove(piece),
      write: async (piece, data) => {
        if (this.usedBytes + data.length > this.quotaBytes) throw new ShoalError("disk-full", "The cache is full");
        await store.write(piece, data);
        this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
      },
      close: () => {
        this.#open.delete(infoHash);
        return store.close();
      },
    });
  }

  makeRoom(bytes: number): Promise<void> {
    for (const [infoHash, pieces] of this.#shares) {
      if (this.#open.has(infoHash)) continue;
      for (const piece of [...pieces.keys()]) {
        if (this.usedBytes + bytes <= this.quotaBytes) return Promise.resolve();
        pieces.delete(piece);
      }
    }
    return Promise.resolve();
  }
}
