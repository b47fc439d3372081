import { FileLayout, type Metainfo, type PieceIndex } from "@shoal/peer-core/torrent";

/** A stretch of a piece and the file of the share's folder that holds it. */
export interface StoredRun {
  /** Index in the metainfo's files; undefined: the one file of bytes that nobody chose. */
  readonly file: number | undefined;
  readonly position: number;
  /** Where in the piece. */
  readonly at: number;
  readonly length: number;
}

/** Unchosen bytes of a piece: where they are in the share, and where in the file that keeps them. */
interface Rest {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/**
 * Where the pieces of a share lie, for a choice of files: each chosen file in one of its own, and the bytes of other
 * files that happen to lie in a wanted piece close together in one more. (At their offset in the share they would cost
 * quota for everything before them: browsers count a file's length, not what was written to it.)
 */
export class StoreLayout {
  readonly #metainfo: Metainfo;
  readonly #layout: FileLayout;
  readonly #rest = new Map<PieceIndex, readonly Rest[]>();
  #restBytes = 0;

  /** `chosen`: indexes of files; undefined chooses all. */
  constructor(metainfo: Metainfo, chosen: ReadonlySet<number> | undefined) {
    this.#metainfo = metainfo;
    this.#layout = new FileLayout(metainfo.files, chosen);
    if (chosen !== undefined) for (const piece of borderPieces(metainfo, chosen)) this.#keepRest(piece);
  }

  /** Pieces that hold bytes of unchosen files too: what changes its place when the choice does. */
  get border(): Iterable<PieceIndex> {
    return this.#rest.keys();
  }

  /** Bytes of unchosen files that are kept. */
  get restBytes(): number {
    return this.#restBytes;
  }

  /** What `length` bytes from `begin` of a wanted piece consist of; what is missing between runs is padding, zeros. */
  runs(piece: PieceIndex, begin: number, length: number): StoredRun[] {
    const offset = this.#metainfo.geometry.pieceOffset(piece) + begin;
    const stored: StoredRun[] = [];
    for (const run of this.#layout.runs(offset, length)) {
      if (run.kind === "padding") continue;
      const isFile = run.kind === "file";
      const position = isFile ? run.position : this.#restPosition(piece, run.position);
      stored.push({ file: isFile ? run.file : undefined, position, at: run.at, length: run.length });
    }
    return stored;
  }

  #keepRest(piece: PieceIndex): void {
    const { geometry } = this.#metainfo;
    const rests: Rest[] = [];
    for (const run of this.#layout.runs(geometry.pieceOffset(piece), geometry.pieceSize(piece))) {
      if (run.kind !== "unwanted") continue;
      rests.push({ offset: run.position, length: run.length, position: this.#restBytes });
      this.#restBytes += run.length;
    }
    if (rests.length > 0) this.#rest.set(piece, rests);
  }

  #restPosition(piece: PieceIndex, offset: number): number {
    for (const rest of this.#rest.get(piece) ?? []) {
      if (offset >= rest.offset && offset < rest.offset + rest.length) return rest.position + offset - rest.offset;
    }
    throw new RangeError(`Byte ${offset} of the share lies in no wanted piece`);
  }
}

/** The first and last pieces of the chosen files, ascending: only they can hold something else. */
function borderPieces(metainfo: Metainfo, chosen: ReadonlySet<number>): PieceIndex[] {
  const { geometry } = metainfo;
  const border = new Set<number>();
  for (const index of chosen) {
    const file = metainfo.files[index];
    if (file === undefined || file.length === 0) continue;
    const { first, end } = geometry.piecesOf(file.offset, file.length);
    border.add(first).add(end - 1);
  }
  return [...border].sort((a, b) => a - b).map((piece) => geometry.pieceIndex(piece));
}
