import { Bitfield, equalBytes, ShoalError, type Metainfo, type PieceIndex } from "@shoal/peer-core/torrent";
import { asDiskError } from "./disk-error.js";
import { FileHandles } from "./file-handles.js";
import type { KeptShare, KeptStore } from "./kept-store.js";
import { PieceRecord } from "./piece-record.js";
import type { FileFolder } from "./random-access-file.js";
import { StoreLayout, type StoredRun } from "./store-layout.js";

/** Recorded after this much at the latest: what a crash costs on a fast line. Flushing more often takes more of its time. */
const RECORD_BYTES = 64 * 1024 * 1024;
const RECORD_MS = 1_000;

const RECORD = "record";
const REST = "rest";

/**
 * Keeps a share in a folder of files: one for each chosen file, one for what else lies in their pieces, and a record of
 * the pieces that are there. Bytes are flushed before the record claims them, so that the record may say too little
 * after a crash and never too much.
 */
export class FilePieceStore implements KeptStore {
  readonly #metainfo: Metainfo;
  readonly #folder: FileFolder;
  readonly #handles: FileHandles;
  readonly #layout: StoreLayout;
  readonly #sealed: Set<number>;
  readonly #have: Bitfield;
  readonly #writing = new Set<Promise<void>>();
  #unrecordedBytes = 0;
  #recordTimer: ReturnType<typeof setTimeout> | undefined;
  #recording: Promise<void> = Promise.resolve();
  #failure: ShoalError | undefined;
  #isClosed = false;

  private constructor(share: KeptShare, folder: FileFolder, handles: FileHandles, have: Bitfield) {
    this.#metainfo = share.metainfo;
    this.#layout = new StoreLayout(share.metainfo, share.kept);
    this.#sealed = share.sealed;
    this.#folder = folder;
    this.#handles = handles;
    this.#have = have;
  }

  /** Rejects with ShoalError "disk" or "disk-full", with no file left open. */
  static async open(share: KeptShare, folder: FileFolder): Promise<FilePieceStore> {
    const handles = new FileHandles(folder);
    try {
      const { pieceCount } = share.metainfo.geometry;
      const have = await handles.with(RECORD, (file) => PieceRecord.read(file, pieceCount));
      return new FilePieceStore(share, folder, handles, have);
    } catch (error) {
      await handles.close();
      throw asDiskError(error);
    }
  }

  present(): Uint8Array {
    const present = new Uint8Array(this.#have.size);
    for (const piece of this.#have.indexes()) present[piece] = 1;
    return present;
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#attempt(async () => {
      if (!this.#have.has(piece)) throw new ShoalError("disk", `Piece ${piece} is not here`);
      const size = this.#metainfo.geometry.pieceSize(piece);
      if (begin < 0 || begin + into.length > size) {
        throw new ShoalError("disk", `Piece ${piece} has ${size} bytes, not ${into.length} at ${begin}`);
      }
      await this.#readRuns(piece, begin, into);
    });
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    const writing = this.#attempt(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      for (const run of this.#layout.runs(piece, 0, data.length)) {
        await this.#writeRun(piece, run, data.subarray(run.at, run.at + run.length));
      }
      this.#have.set(piece);
      this.#noteUnrecorded(data.length);
    }).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  flush(): Promise<void> {
    return this.#attempt(() => this.#record());
  }

  remove(piece: PieceIndex): Promise<void> {
    return this.#attempt(async () => {
      if (this.#have.clear(piece)) await this.#record();
    });
  }

  /** Forgets the pieces that hold bytes of files which are not kept, and those bytes. */
  forgetBorder(): Promise<void> {
    return this.#attempt(async () => {
      for (const piece of this.#layout.border) this.#have.clear(piece);
      await this.#record();
      if (this.#layout.restBytes > 0) await this.#handles.with(REST, (file) => file.truncate(0), true);
    });
  }

  blobOf(index: number): Promise<Blob> {
    return this.#attempt(async () => {
      const file = this.#metainfo.files[index];
      if (file === undefined || !this.#isWhole(index)) throw new ShoalError("disk", `File ${index} is not here whole`);
      if (file.length === 0) return new Blob([]);
      this.#sealed.add(index);
      await Promise.allSettled([...this.#writing]);
      await this.#record();
      const blob = await this.#folder.blob(nameOf(index));
      if (blob.size === file.length) return blob;
      throw new ShoalError("disk", `File ${index} has ${blob.size} bytes in storage, not ${file.length}`);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await Promise.allSettled([...this.#writing]);
    try {
      await this.flush();
    } finally {
      this.#isClosed = true;
      clearTimeout(this.#recordTimer);
      await this.#handles.close();
    }
  }

  async #readRuns(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    // What no run covers is padding.
    into.fill(0);
    for (const run of this.#layout.runs(piece, begin, into.length)) {
      const part = into.subarray(run.at, run.at + run.length);
      const got = await this.#handles.with(nameOf(run.file), (file) => file.read(part, run.position));
      if (got !== part.length) throw new ShoalError("disk", `Piece ${piece} is not in storage any more`);
    }
  }

  async #writeRun(piece: PieceIndex, run: StoredRun, bytes: Uint8Array): Promise<void> {
    if (run.file !== undefined && this.#sealed.has(run.file)) {
      await this.#checkSealed(piece, run, bytes);
      return;
    }
    const write = (file: { write(bytes: Uint8Array, at: number): number }): number => file.write(bytes, run.position);
    const written = await this.#handles.with(nameOf(run.file), write, true);
    if (written !== bytes.length) throw new ShoalError("disk-full", "There is no room for more of it");
  }

  /** The bytes have been here since before the file was handed out. */
  async #checkSealed(piece: PieceIndex, run: StoredRun, bytes: Uint8Array): Promise<void> {
    const here = new Uint8Array(bytes.length);
    await this.#handles.with(nameOf(run.file), (file) => file.read(here, run.position));
    if (!equalBytes(here, bytes)) throw new ShoalError("disk", `Piece ${piece} was spoilt after it was handed out`);
  }

  #isWhole(index: number): boolean {
    const file = this.#metainfo.files[index];
    if (file === undefined) return false;
    const { first, end } = this.#metainfo.geometry.piecesOf(file.offset, file.length);
    for (let piece = first; piece < end; piece++) if (!this.#have.has(piece)) return false;
    return true;
  }

  #noteUnrecorded(bytes: number): void {
    this.#unrecordedBytes += bytes;
    if (this.#unrecordedBytes >= RECORD_BYTES) this.#recordSoon();
    else this.#recordTimer ??= setTimeout(() => this.#recordSoon(), RECORD_MS);
  }

  /** What cannot be recorded is told by the next write. */
  #recordSoon(): void {
    this.#record().catch((error: unknown) => (this.#failure = asDiskError(error)));
  }

  /** One at a time: bytes first, then the claim, with nothing written in between. */
  #record(): Promise<void> {
    clearTimeout(this.#recordTimer);
    this.#recordTimer = undefined;
    this.#unrecordedBytes = 0;
    const record = (): Promise<void> =>
      this.#handles.with(
        RECORD,
        (file) => {
          this.#handles.flush();
          PieceRecord.write(file, this.#have);
        },
        true,
      );
    this.#recording = this.#recording.then(record, record);
    return this.#recording;
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

/** Ours, never the share's: those may hold anything. */
function nameOf(file: number | undefined): string {
  return file === undefined ? REST : `file-${file}`;
}
