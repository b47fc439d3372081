import { rm } from "node:fs/promises";
import { ShoalError, type PieceIndex, type PieceStore } from "@shoal/peer-core";
import type { FileLayout, Metainfo } from "@shoal/peer-core/torrent";
import type { ClaimRecorder } from "./claim-recorder.js";
import type { VerifyPiece } from "./confirm-claims.js";
import type { FileLook, FileLooks } from "./file-look.js";
import type { PartFiles } from "./part-files.js";
import { PieceProof } from "./piece-proof.js";
import { PlacedReader } from "./placed-reader.js";
import { placeTarget, removeUnselected, type ExistingTarget } from "./place-target.js";
import type { TargetLock } from "./target-lock.js";
import type { TargetPaths } from "./target-paths.js";

/** What `openFsPieceStore` has put together. */
export interface FsPieceStoreParts {
  readonly metainfo: Metainfo;
  readonly layout: FileLayout;
  readonly paths: TargetPaths;
  readonly existing: ExistingTarget;
  /** One entry per piece, 1 where stored. The store's own from now on. */
  readonly have: Uint8Array;
  readonly files: PartFiles;
  readonly recorder: ClaimRecorder;
  readonly lock: TargetLock;
  readonly verifyPiece?: VerifyPiece | undefined;
  /** All of it was found under its final name, where it stays (`files` lead there): what its files looked like then. */
  readonly placedLooks?: ReadonlyMap<number, FileLook> | undefined;
}

/**
 * A download on disk: `NAME.part` while unfinished, `NAME` once `finish` was called. Everything that was written before a
 * kill is there afterwards, but for what was not recorded yet (milliseconds). See ClaimRecorder for crashes.
 */
export class FsPieceStore implements PieceStore {
  /** Where the download will be: the file, or the folder of a multi-file share. */
  readonly finalPath: string;
  readonly writeIfMatching: PieceStore["writeIfMatching"];
  readonly #parts: FsPieceStoreParts;
  readonly #proof: PieceProof | undefined;
  readonly #placed: PlacedReader;
  readonly #underWay = new Set<Promise<unknown>>();
  #state: "open" | "finishing" | "finished" | "closed" = "open";
  #finishing: Promise<unknown> = Promise.resolve();
  #synced: Promise<void> = Promise.resolve();

  constructor(parts: FsPieceStoreParts) {
    this.#parts = parts;
    this.finalPath = parts.paths.finalPath;
    const { verifyPiece } = parts;
    const { geometry } = parts.metainfo;
    this.#proof = verifyPiece && new PieceProof(geometry, verifyPiece);
    this.#placed = new PlacedReader({
      pieceSize: (piece) => geometry.pieceSize(piece),
      read: (...what) => this.#read(...what),
      verifyPiece,
      path: this.finalPath,
    });
    if (parts.placedLooks !== undefined) this.#placed.trust(parts.placedLooks);
    if (verifyPiece !== undefined) {
      this.writeIfMatching = (piece, data, sha1) =>
        this.#run(() => this.#writeIfMatching(piece, data, { sha1, verifyPiece }));
    }
  }

  /** Once it has its name, it is the user's. */
  get isReadOnly(): boolean {
    return this.#state !== "open";
  }

  present(): Uint8Array {
    return this.#parts.have.slice();
  }

  /** One entry per piece, 1 for those that the selected files need: all of them when nothing was deselected. */
  wantedPieces(): Uint8Array {
    const { geometry } = this.#parts.metainfo;
    const wanted = new Uint8Array(geometry.pieceCount);
    for (const piece of geometry.pieces()) wanted[piece] = this.#isWanted(piece) ? 1 : 0;
    return wanted;
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    if (this.#parts.have[piece] !== 1) {
      return Promise.reject(new ShoalError("disk", `Piece ${piece} is not stored in ${this.finalPath}`));
    }
    return this.#run(() => this.#readProven(piece, begin, into));
  }

  /** What has rotted without its file's size or time telling is found before it is served. */
  distrust(): void {
    this.#proof?.begin();
    this.#placed.distrust();
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    return this.#run(() => this.#write(piece, data));
  }

  flush(): Promise<void> {
    return this.#state === "open" ? this.#run(() => this.#parts.recorder.flush()) : Promise.resolve();
  }

  remove(piece: PieceIndex): Promise<void> {
    this.#parts.have[piece] = 0;
    // Once the download has its name, its record is gone: the piece is only not served any more.
    return this.#state === "open" ? this.#run(() => this.#parts.recorder.lose(piece)) : Promise.resolve();
  }

  /**
   * Gives the download its final name and resolves to it. All wanted pieces must be stored. Afterwards the store can be
   * read, so that seeding goes on, but not written; `synced` tells when it is on the disk, which nobody has to wait for
   * who only wants to use it. Rejects with ShoalError "exists" when the name was taken meanwhile; the store then stays as
   * it was and `finish` can be tried again.
   */
  finish(): Promise<string> {
    invariant(this.#state === "open", "a download is finished once");
    this.#state = "finishing";
    const placing = this.#finish();
    this.#synced = placing.then(() => this.#dropRecord());
    this.#finishing = this.#synced.catch(() => undefined);
    return placing;
  }

  /** Resolves once what was finished would outlive a power failure; until then its record says that it might not. */
  synced(): Promise<void> {
    return this.#synced;
  }

  async close(): Promise<void> {
    await this.#finishing;
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    await this.#settled();
    try {
      if (wasOpen) await this.#parts.recorder.close();
    } finally {
      await this.#parts.files.close();
      await this.#parts.lock.release();
    }
  }

  /** Closes and removes everything that was stored, unless it is finished. */
  async discard(): Promise<void> {
    await this.#finishing;
    const isUnfinished = this.#state === "open";
    const { partPath, statePath, unwantedPath } = this.#parts.paths;
    // What cannot be flushed is thrown away all the same.
    await this.close().catch(() => undefined);
    if (!isUnfinished) return;
    for (const path of [partPath, unwantedPath, statePath]) await rm(path, { recursive: true, force: true });
  }

  async #finish(): Promise<string> {
    try {
      if (this.#parts.placedLooks === undefined) await this.#place();
    } catch (error) {
      this.#parts.files.stays();
      this.#state = "open";
      throw error;
    }
    this.#state = "finished";
    this.#parts.files.placed();
    return this.finalPath;
  }

  async #place(): Promise<void> {
    const { metainfo, layout, paths, files, recorder, existing, have } = this.#parts;
    for (const piece of metainfo.geometry.pieces()) {
      invariant(have[piece] === 1 || !this.#isWanted(piece), `piece ${piece} is stored before the end`);
    }
    await this.#settled();
    await files.makeEmptyFiles();
    // Windows syncs what is open for writing only, and renames no folder that has open files in it.
    await (process.platform === "win32" ? recorder.flush() : recorder.recorded());
    await files.keepUnwanted();
    if (metainfo.isMultiFile) await removeUnselected(paths.partPath, metainfo, layout);
    files.moving();
    // Who was opening a file might make it anew once its name is gone.
    await this.#settled();
    await files.closeIdle();
    // From when they have their names on they are the user's.
    this.#placed.trust(await files.looks());
    await placeTarget(paths, { metainfo, layout }, existing);
  }

  async #readProven(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    if (this.#state === "finished") {
      await this.#placed.read(piece, begin, into);
      return;
    }
    await this.#proof?.prove(piece, (bytes) => this.#read(piece, 0, bytes));
    await this.#read(piece, begin, into);
  }

  async #read(piece: PieceIndex, begin: number, into: Uint8Array, looks?: FileLooks): Promise<void> {
    const { geometry } = this.#parts.metainfo;
    if (begin + into.length > geometry.pieceSize(piece)) {
      throw new ShoalError(
        "disk",
        `Piece ${piece} has ${geometry.pieceSize(piece)} bytes, ${begin + into.length} asked for`,
      );
    }
    const offset = geometry.pieceOffset(piece) + begin;
    if (await this.#parts.files.read(offset, into, looks)) return;
    throw new ShoalError("disk", `Piece ${piece} of ${this.finalPath} has been cut short on the disk`);
  }

  async #write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    await this.#beforeWrite(piece, data);
    await this.#parts.files.write(this.#offsetOf(piece), data);
    this.#claim(piece, data.length);
  }

  async #writeIfMatching(
    piece: PieceIndex,
    data: Uint8Array,
    { sha1, verifyPiece }: { readonly sha1: Uint8Array; readonly verifyPiece: VerifyPiece },
  ): Promise<boolean> {
    await this.#beforeWrite(piece, data);
    const isStored = await this.#parts.files.writeIfMatching(this.#offsetOf(piece), data, sha1);
    if (isStored === true) this.#claim(piece, data.length);
    if (isStored !== undefined) return isStored;
    if (!(await verifyPiece(piece, data))) return false;
    await this.#write(piece, data);
    return true;
  }

  async #beforeWrite(piece: PieceIndex, data: Uint8Array): Promise<void> {
    invariant(this.#state === "open", "nothing is written to a finished download");
    invariant(data.length === this.#parts.metainfo.geometry.pieceSize(piece), "a piece is written whole");
    await this.#parts.recorder.ready();
  }

  #claim(piece: PieceIndex, length: number): void {
    const { layout, recorder, have } = this.#parts;
    have[piece] = 1;
    recorder.claim(piece, layout.touched(this.#offsetOf(piece), length));
  }

  #offsetOf(piece: PieceIndex): number {
    return this.#parts.metainfo.geometry.pieceOffset(piece);
  }

  #isWanted(piece: PieceIndex): boolean {
    const { geometry } = this.#parts.metainfo;
    return this.#parts.layout.isWanted(geometry.pieceOffset(piece), geometry.pieceSize(piece));
  }

  async #dropRecord(): Promise<void> {
    const { paths, recorder } = this.#parts;
    await recorder.close();
    await rm(paths.statePath, { force: true });
    await rm(paths.unwantedPath, { force: true });
  }

  /** Runs work that `close` waits for. */
  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state === "closed") return Promise.reject(new ShoalError("disk", `${this.finalPath} is closed`));
    const running = work();
    this.#underWay.add(running);
    const done = () => this.#underWay.delete(running);
    running.then(done, done);
    return running;
  }

  async #settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }
}

/** Throws when the store's owner breaks its part of the contract: a bug, never the disk's fault. */
function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
