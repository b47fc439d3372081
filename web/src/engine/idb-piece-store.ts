import { ShoalError, type Metainfo, type PieceIndex } from "@shoal/peer-core/torrent";
import type { Database } from "./database.js";
import { asDiskError } from "./disk-error.js";
import type { KeptShare, KeptStore, StoragePlace } from "./kept-store.js";

/** Keeps pieces as records of a database, each a Blob: for browsers and addresses without files. */
export class IdbPlace implements StoragePlace {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async open({ metainfo }: KeptShare): Promise<KeptStore> {
    try {
      const keys = await this.#database.keys("pieces", [metainfo.infoHash]);
      const present = new Set(keys.map((key) => (Array.isArray(key) ? Number(key[1]) : -1)));
      return new IdbPieceStore(this.#database, metainfo, present);
    } catch (error) {
      throw asDiskError(error);
    }
  }

  /** Whole pieces are kept, whatever was chosen: none changes its place. */
  forgetBorder(): Promise<void> {
    return Promise.resolve();
  }

  async discard(infoHash: string): Promise<void> {
    try {
      await this.#database.delete("pieces", [infoHash]);
    } catch (error) {
      throw asDiskError(error);
    }
  }
}

class IdbPieceStore implements KeptStore {
  readonly #database: Database;
  readonly #metainfo: Metainfo;
  readonly #present: Set<number>;
  readonly #writing = new Set<Promise<void>>();
  #isClosed = false;

  constructor(database: Database, metainfo: Metainfo, present: Set<number>) {
    this.#database = database;
    this.#metainfo = metainfo;
    this.#present = present;
  }

  present(): Uint8Array {
    return Uint8Array.from({ length: this.#metainfo.geometry.pieceCount }, (_, piece) =>
      Number(this.#present.has(piece)),
    );
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#attempt(async () => {
      const blob = await this.#piece(piece);
      if (begin < 0 || begin + into.length > blob.size) {
        throw new ShoalError("disk", `Piece ${piece} has ${blob.size} bytes, not ${into.length} at ${begin}`);
      }
      into.set(new Uint8Array(await blob.slice(begin, begin + into.length).arrayBuffer()));
    });
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    const writing = this.#attempt(async () => {
      // The copy is made by the Blob; nobody hands over shared memory.
      await this.#database.put("pieces", this.#key(piece), new Blob([data as Uint8Array<ArrayBuffer>]));
      this.#present.add(piece);
    }).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  /** Every write is a transaction of its own, stored for good when it resolves. */
  flush(): Promise<void> {
    return this.#attempt(() => Promise.resolve());
  }

  remove(piece: PieceIndex): Promise<void> {
    return this.#attempt(async () => {
      this.#present.delete(piece);
      await this.#database.delete("pieces", this.#key(piece));
    });
  }

  /** A record is replaced, never changed: what was handed out stays readable. */
  blobOf(index: number): Promise<Blob> {
    return this.#attempt(async () => {
      const { geometry, files } = this.#metainfo;
      const file = files[index];
      if (file === undefined) throw new ShoalError("disk", `There is no file ${index}`);
      const parts: Blob[] = [];
      const { first, end } = geometry.piecesOf(file.offset, file.length);
      for (let value = first; value < end; value++) {
        const piece = geometry.pieceIndex(value);
        const offset = geometry.pieceOffset(piece);
        const from = Math.max(0, file.offset - offset);
        parts.push(
          (await this.#piece(piece)).slice(from, Math.min(geometry.pieceLength, file.offset + file.length - offset)),
        );
      }
      return new Blob(parts);
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#writing]);
    this.#isClosed = true;
  }

  async #piece(piece: PieceIndex): Promise<Blob> {
    const blob = this.#present.has(piece) ? await this.#database.get("pieces", this.#key(piece)) : undefined;
    if (!(blob instanceof Blob)) throw new ShoalError("disk", `Piece ${piece} is not here`);
    return blob;
  }

  #key(piece: PieceIndex): [string, number] {
    return [this.#metainfo.infoHash, piece];
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new ShoalError("disk", "The store is closed");
    try {
      return await act();
    } catch (error) {
      throw asDiskError(error);
    }
  }
}
