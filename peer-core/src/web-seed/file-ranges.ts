import { invariant } from "../base/invariant.js";
import type { ByteRange } from "../ports/range-source.js";
import type { FileEntry } from "../torrent/metainfo.js";

/** A stretch of the content that lies in one file. */
export interface FileRange extends ByteRange {
  /** Index in the metainfo's files. */
  readonly file: number;
  /** Zeros that nobody serves (BEP 47). */
  readonly isPadding: boolean;
}

/** Maps the content of a share to ranges of its files. */
export class FileRanges {
  readonly #files: readonly FileEntry[];
  /** Indexes of the files that have bytes: in order of offset, without gaps. */
  readonly #solid: Int32Array;

  constructor(files: readonly FileEntry[]) {
    this.#files = files;
    this.#solid = Int32Array.from([...files.keys()].filter((file) => (files[file]?.length ?? 0) > 0));
  }

  /** The ranges that make up `length` bytes of content from `offset`, in order. */
  rangesOf(offset: number, length: number): FileRange[] {
    const ranges: FileRange[] = [];
    const end = offset + length;
    let place = this.#placeOf(offset);
    for (let at = offset; at < end; place++) {
      const file = this.#solid[place];
      const entry = file === undefined ? undefined : this.#files[file];
      invariant(file !== undefined && entry !== undefined, "a block lies inside the files");
      const until = Math.min(end, entry.offset + entry.length);
      ranges.push({ file, from: at - entry.offset, until: until - entry.offset, isPadding: entry.padding });
      at = until;
    }
    return ranges;
  }

  /** Where in `#solid` the file stands that holds the byte at `offset`. */
  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#solid.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#files[this.#solid[middle] ?? 0]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
