import { rm } from "node:fs/promises";
import { ShoalError, type PieceIndex, type PieceStore } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import type { ClaimRecorder } from "./claim-recorder.js";
import type { FileLayout } from "./file-layout.js";
import type { PartFiles } from "./part-files.js";
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
}

/**
 * A download on disk: `NAME.part` while unfinished, `NAME` once `finish` was called. Everything that was written before a
 * kill is there afterwards, but for what was not recorded yet (milliseconds). See ClaimRecorder for crashes.
 */
export class FsPieceStore implements PieceStore {
  /** Where the download will be: the file, or the folder of a multi-file share. */
  readonly finalPath: string;
  readonly #parts: FsPieceStoreParts;
  readonly #underWay = new Set<Promise<void>>();
  #state: "open" | "finishing" | "finished" | "closed" = "open";
  #finishing: Promise<unknown> = Promise.resolve();

  constructor(parts: FsPieceStoreParts) {
    this.#parts = parts;
    this.finalPath = parts.paths.finalPath;
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
    return this.#run(() => this.#read(piece, begin, into));
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
   * read, so that seeding goes on, but not written. Rejects with ShoalError "exists" when the name was taken meanwhile;
   * the store then stays as it was and `finish` can be tried again.
   */
  finish(): Promise<string> {
    invariant(this.#state === "open", "a download is finished once");
    this.#state = "finishing";
    const finishing = this.#finish();
    this.#finishing = finishing.catch(() => undefined);
    return finishing;
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
      await this.#place();
    } catch (error) {
      this.#state = "open";
      throw error;
    }
    this.#state = "finished";
    this.#parts.files.placedAt(this.finalPath);
    await this.#dropRecord();
    return this.finalPath;
  }

  async #place(): Promise<void> {
    const { metainfo, layout, paths, files, recorder, existing, have } = this.#parts;
    for (const piece of metainfo.geometry.pieces()) {
      invariant(have[piece] === 1 || !this.#isWanted(piece), `piece ${piece} is stored before the end`);
    }
    await this.#settled();
    await files.makeEmptyFiles();
    await recorder.flush();
    await files.syncFolders();
    await files.keepUnwanted();
    if (metainfo.isMultiFile) await removeUnselected(paths.partPath, metainfo, layout);
    // Windows renames no folder that has open files in it.
    await files.closeIdle();
    await placeTarget(paths, { metainfo, layout }, existing);
  }

  async #read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    const { geometry } = this.#parts.metainfo;
    if (begin + into.length > geometry.pieceSize(piece)) {
      throw new ShoalError(
        "disk",
        `Piece ${piece} has ${geometry.pieceSize(piece)} bytes, ${begin + into.length} asked for`,
      );
    }
    const offset = geometry.pieceOffset(piece) + begin;
    if (await this.#parts.files.read(offset, into)) return;
    throw new ShoalError("disk", `Piece ${piece} of ${this.finalPath} has been cut short on the disk`);
  }

  async #write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    const { metainfo, layout, files, recorder, have } = this.#parts;
    const { geometry } = metainfo;
    invariant(this.#state === "open", "nothing is written to a finished download");
    invariant(data.length === geometry.pieceSize(piece), "a piece is written whole");
    await recorder.ready();
    const offset = geometry.pieceOffset(piece);
    await files.write(offset, data);
    have[piece] = 1;
    recorder.claim(piece, data.length, layout.touched(offset, data.length));
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
  #run(work: () => Promise<void>): Promise<void> {
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
