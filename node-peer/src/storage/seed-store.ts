import { ShoalError, type Hasher, type PieceIndex, type PieceStore } from "@shoal/peer-core";
import { displayName, FileLayout, type Metainfo } from "@shoal/peer-core/torrent";
import { PieceProof, verifierOf } from "./piece-proof.js";
import type { ScannedSource } from "./scan-source.js";
import { SourceReader } from "./source-reader.js";

export interface SeedStoreOptions {
  readonly metainfo: Metainfo;
  /** The files from which `metainfo` was made; only their paths, sizes and times are used. */
  readonly source: ScannedSource;
  /** Hashes pieces once one of them was found rotten. */
  readonly hasher: Hasher;
}

/**
 * Shares the user's own files where they are: every piece is present, nothing is ever written. Reads reject with
 * ShoalError "source-changed", naming the file, once a file is not the one that was hashed.
 */
export class SeedStore implements PieceStore {
  readonly isReadOnly = true;
  readonly #metainfo: Metainfo;
  readonly #layout: FileLayout;
  readonly #reader: SourceReader;
  readonly #proof: PieceProof;
  readonly #lost = new Set<number>();

  /** Throws ShoalError "source-changed" when the files are not those of the metainfo. */
  constructor(options: SeedStoreOptions) {
    this.#metainfo = options.metainfo;
    this.#layout = new FileLayout(options.metainfo.files);
    this.#proof = new PieceProof(options.metainfo.geometry, verifierOf(options.metainfo, options.hasher));
    this.#reader = new SourceReader(inOrder(options.metainfo, options.source));
  }

  present(): Uint8Array {
    const present = new Uint8Array(this.#metainfo.geometry.pieceCount).fill(1);
    for (const piece of this.#lost) present[piece] = 0;
    return present;
  }

  async read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    if (this.#lost.has(piece)) throw new ShoalError("source-changed", `Piece ${piece} is not what was hashed any more`);
    await this.#proof.prove(piece, (bytes) => this.#read(piece, 0, bytes));
    await this.#read(piece, begin, into);
  }

  /** What has changed without its time or size telling is found before it is served. */
  distrust(): void {
    this.#proof.begin();
  }

  write(): Promise<void> {
    return Promise.reject(new ShoalError("source", "The files that are shared are never written to"));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** Does not touch the file: the piece is only not served any more. */
  remove(piece: PieceIndex): Promise<void> {
    this.#lost.add(piece);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    const offset = this.#metainfo.geometry.pieceOffset(piece) + begin;
    for (const run of this.#layout.runs(offset, into.length)) {
      const part = into.subarray(run.at, run.at + run.length);
      if (run.kind !== "file") part.fill(0);
      else await this.#readFile(run.file, run.position, part);
    }
  }

  async #readFile(file: number, position: number, into: Uint8Array): Promise<void> {
    const done = await this.#reader.read(file, position, into);
    if (done < into.length) {
      const name = displayName(this.#metainfo.files[file]?.path.join("/") ?? "");
      throw new ShoalError("source-changed", `${name} ended early, at byte ${position + done}`);
    }
  }
}

/** The source's files in the order of the metainfo's. */
function inOrder(metainfo: Metainfo, source: ScannedSource): ScannedSource["files"] {
  const byPath = new Map(source.files.map((file) => [file.path.join("/"), file]));
  return metainfo.files.map((entry) => {
    const path = entry.path.join("/");
    const file = metainfo.isMultiFile ? byPath.get(path) : source.files[0];
    if (file?.length !== entry.length) {
      throw new ShoalError("source-changed", `${displayName(path)} is not the file that was hashed; share it anew`);
    }
    return file;
  });
}
