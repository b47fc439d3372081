/** Bytes `at … at + length` of a piece belong at `position` of an open file. */
export interface FilePlace {
  readonly fd: number;
  readonly at: number;
  readonly length: number;
  readonly position: number;
}

/** A file that is to hold one piece alone: written under another name in the same folder, which must be free, and renamed. */
export interface PieceFile {
  readonly path: string;
  readonly temporary: string;
}

/** Hashes pieces and writes those that are right, in one go and away from this thread. */
export interface CheckedWriter {
  /** Whether `write` can do anything with this memory, now. */
  takes(bytes: Uint8Array): boolean;
  /**
   * Writes `bytes` to `places` if their SHA-1 is `sha1`; resolves to whether it is. Undefined when nothing is known of it,
   * since the thread is gone: `bytes` may have been written, in part or whole. Rejects with the system's error.
   */
  write(bytes: Uint8Array, sha1: Uint8Array, places: readonly FilePlace[]): Promise<boolean | undefined>;
}

/** The same for pieces that have files of their own. */
export interface CheckedCreator {
  /** See `CheckedWriter`. */
  takes(bytes: Uint8Array): boolean;
  /** As `write` of a CheckedWriter; the file is there whole or, when it does not match or fails, as it was before. */
  create(bytes: Uint8Array, sha1: Uint8Array, file: PieceFile): Promise<boolean | undefined>;
}
