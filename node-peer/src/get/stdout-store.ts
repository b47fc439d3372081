import { ShoalError, type PieceIndex } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { STDOUT_PATH, type DownloadStore } from "./download-store.js";

/** What is read and written at a time: large enough to be quick, small enough for a slow reader. */
const CHUNK_BYTES = 1024 * 1024;

export interface StdoutStoreParts {
  readonly metainfo: Metainfo;
  /** Keeps the pieces. */
  readonly inner: DownloadStore;
  /** Settles when the reader has taken the bytes. */
  readonly out: (bytes: Uint8Array) => Promise<void>;
  /** Called once `inner` is closed. */
  readonly onClosed: () => Promise<void>;
}

/**
 * Passes a single file on in order while its pieces arrive in any: behind it stands a store that keeps them, and the
 * reader's pace holds up nothing but the reader.
 */
export class StdoutStore implements DownloadStore {
  readonly #parts: StdoutStoreParts;
  readonly #present: Uint8Array;
  #next = 0;
  #pumping: Promise<void> | undefined;
  #failure: Error | undefined;
  #isClosed = false;

  constructor(parts: StdoutStoreParts) {
    this.#parts = parts;
    this.#present = parts.inner.present().slice();
  }

  present(): Uint8Array {
    return this.#parts.inner.present();
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#parts.inner.read(piece, begin, into);
  }

  async write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    await this.#parts.inner.write(piece, data);
    this.#present[piece] = 1;
    this.#kick();
  }

  flush(): Promise<void> {
    return this.#parts.inner.flush();
  }

  /** Pieces already passed on cannot be called back. */
  remove(piece: PieceIndex): Promise<void> {
    this.#present[piece] = 0;
    return this.#parts.inner.remove(piece);
  }

  async finish(): Promise<string> {
    this.#kick();
    await this.#pumping;
    if (this.#failure) throw this.#failure;
    if (this.#next < this.#parts.metainfo.geometry.pieceCount)
      throw new ShoalError("disk", "Not every piece has arrived");
    return STDOUT_PATH;
  }

  /** Where it goes from here is the reader's. */
  synced(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pumping;
    await this.#parts.inner.close();
    await this.#parts.onClosed();
  }

  #kick(): void {
    this.#pumping ??= this.#pump()
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#pumping = undefined;
      });
  }

  async #pump(): Promise<void> {
    const { geometry } = this.#parts.metainfo;
    while (!this.#isClosed && this.#present[this.#next] === 1) {
      const piece = geometry.pieceIndex(this.#next);
      const size = geometry.pieceSize(piece);
      for (let begin = 0; begin < size; begin += CHUNK_BYTES) {
        const bytes = new Uint8Array(Math.min(CHUNK_BYTES, size - begin));
        await this.#parts.inner.read(piece, begin, bytes);
        await this.#parts.out(bytes);
      }
      this.#next++;
    }
  }
}
