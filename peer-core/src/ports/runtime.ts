/** A pending call. `cancel` is harmless after it ran. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary origin. */
  now(): number;
  /** Calls `run` once after at least `delayMs`, never synchronously. */
  schedule(delayMs: number, run: () => void): Timer;
}

export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  float(): number;
  /** `length` bytes fit for ids and secrets. */
  bytes(length: number): Uint8Array;
}

export interface Hasher {
  /**
   * SHA-1 of `bytes`, 20 bytes. Several may be in flight at once and run on other cores; `bytes` must not change until
   * the promise settles.
   */
  sha1(bytes: Uint8Array): Promise<Uint8Array>;
  /** Memory of `length` bytes that `sha1` hashes without copying it, where this matters; any other does as well. */
  allocate?(length: number): Uint8Array;
}

/** What the core takes from the world besides links and storage. Handed in once; there is no default. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly hasher: Hasher;
}
