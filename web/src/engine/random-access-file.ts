/**
 * One file as an OPFS sync access handle gives it: synchronous, and held by this worker alone while it is open. Every
 * method throws what the platform throws; `QuotaExceededError` when there is no room.
 */
export interface RandomAccessFile {
  size(): number;
  /** Reads from `at`; returns how many bytes, fewer than `into` holds only at the end. */
  read(into: Uint8Array, at: number): number;
  /** Writes at `at`, growing the file with zeros where needed; returns how many bytes. */
  write(bytes: Uint8Array, at: number): number;
  truncate(size: number): void;
  /** What was written survives a crash from here on. */
  flush(): void;
  /** Flushes and lets go. */
  close(): void;
}

/** A folder of such files, one share's. Names are ours, never a stranger's. */
export interface FileFolder {
  /** Opens a file, made empty when it is missing. Rejects while somebody else has it open. */
  open(name: string): Promise<RandomAccessFile>;
  /** The bytes of a file in storage, to be read without passing through memory; rejects when it is missing. */
  blob(name: string): Promise<Blob>;
}
