import type { FileEntry } from "./metainfo.js";

/** A stretch of a piece: bytes `at … at + length` of the block lie where `kind` says. */
export type Run =
  | {
      readonly kind: "file";
      /** Index in the metainfo's files. */
      readonly file: number;
      /** Offset in that file. */
      readonly position: number;
      readonly at: number;
      readonly length: number;
    }
  /** Bytes of files that were not chosen, kept aside; `position` is the offset in the whole share. */
  | { readonly kind: "unwanted"; readonly position: number; readonly at: number; readonly length: number }
  /** BEP 47 padding: zeros that are never stored. */
  | { readonly kind: "padding"; readonly at: number; readonly length: number };

/** Stands for the file of unwanted bytes where files are named by index. */
export const UNWANTED_FILE = -1;

/** Maps byte ranges of a share to its files. Pure; holds no more than the list of files that have bytes. */
export class FileLayout {
  readonly #files: readonly FileEntry[];
  readonly #selected: ReadonlySet<number> | undefined;
  /** Indexes of the files that have bytes, in order of offset: no gaps, no overlap. */
  readonly #solid: readonly number[];

  /** `selected` names files by index; undefined selects all of them. */
  constructor(files: readonly FileEntry[], selected?: ReadonlySet<number>) {
    this.#files = files;
    this.#selected = selected;
    this.#solid = [...files.keys()].filter((index) => (files[index]?.length ?? 0) > 0);
  }

  /** True for a file that gets a place on disk under its own name. */
  isStored(file: number): boolean {
    const entry = this.#files[file];
    return entry !== undefined && !entry.padding && (this.#selected?.has(file) ?? true);
  }

  /** The runs that make up `length` bytes from `offset` in the share, in order; together exactly `length` bytes. */
  runs(offset: number, length: number): Run[] {
    const runs: Run[] = [];
    const end = offset + length;
    let next = this.#solidIndexAt(offset);
    let from = offset;
    while (from < end) {
      const file = this.#solid[next++];
      const entry = file === undefined ? undefined : this.#files[file];
      if (file === undefined || entry === undefined) throw new RangeError(`No file holds byte ${from} of the share`);
      const until = Math.min(end, entry.offset + entry.length);
      runs.push(this.#run(file, entry, { from, at: from - offset, length: until - from }));
      from = until;
    }
    return runs;
  }

  /** The stored files (and UNWANTED_FILE) that a byte range touches, each once. */
  touched(offset: number, length: number): number[] {
    const touched = new Set<number>();
    for (const run of this.runs(offset, length)) {
      if (run.kind === "file") touched.add(run.file);
      else if (run.kind === "unwanted") touched.add(UNWANTED_FILE);
    }
    return [...touched];
  }

  /** True when a byte range has to be fetched: everything is selected, or it touches a stored file. */
  isWanted(offset: number, length: number): boolean {
    return this.#selected === undefined || this.runs(offset, length).some((run) => run.kind === "file");
  }

  #run(file: number, entry: FileEntry, part: { from: number; at: number; length: number }): Run {
    const { from, at, length } = part;
    if (entry.padding) return { kind: "padding", at, length };
    if (!this.isStored(file)) return { kind: "unwanted", position: from, at, length };
    return { kind: "file", file, position: from - entry.offset, at, length };
  }

  /** Place in `#solid` of the file that holds byte `offset`: binary search, as shares have up to 100,000 files. */
  #solidIndexAt(offset: number): number {
    let low = 0;
    let high = this.#solid.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#files[this.#solid[middle] ?? 0];
      if (entry !== undefined && entry.offset + entry.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
