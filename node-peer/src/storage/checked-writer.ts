/** Bytes `at … at + length` of a piece belong at `position` of an open file. */
export interface FilePlace {
  readonly fd: number;
  readonly at: number;
  readonly length: number;
  readonly position: number;
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
