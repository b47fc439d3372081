import { Bitfield, FileLayout, type Metainfo } from "@shoal/peer-core/torrent";

/** How much of each file is here. Invariant: `doneBytes(f)` is the sum over the held pieces of their bytes in file f. */
export class FileProgress {
  readonly #metainfo: Metainfo;
  readonly #layout: FileLayout;
  readonly #doneBytes: Float64Array;
  #held: Bitfield;

  constructor(metainfo: Metainfo) {
    this.#metainfo = metainfo;
    this.#layout = new FileLayout(metainfo.files);
    this.#doneBytes = new Float64Array(metainfo.files.length);
    this.#held = new Bitfield(metainfo.geometry.pieceCount);
  }

  get held(): Bitfield {
    return this.#held;
  }

  doneBytes(file: number): number {
    return this.#doneBytes[file] ?? 0;
  }

  /** Of all files together, without padding. */
  get totalBytes(): number {
    return this.#doneBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** A piece has come; one that is here already changes nothing. */
  add(piece: number): void {
    const { geometry } = this.#metainfo;
    if (!this.#held.set(piece)) return;
    const index = geometry.pieceIndex(piece);
    for (const run of this.#layout.runs(geometry.pieceOffset(index), geometry.pieceSize(index))) {
      if (run.kind === "file") this.#doneBytes[run.file] = this.doneBytes(run.file) + run.length;
    }
  }

  /** Counts anew from the pieces that are held. */
  reset(held: Bitfield): void {
    this.#held = new Bitfield(held.size);
    this.#doneBytes.fill(0);
    for (const piece of held.indexes()) this.add(piece);
  }
}
