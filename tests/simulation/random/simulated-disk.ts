import { ShoalError, type Clock, type Geometry, type PieceIndex, type PieceStore, type Timer } from "@shoal/peer-core";
import type { SeededRandom } from "@shoal/peer-core/testing";

/** What was written is made durable this much later, as the real store does it: bytes, then the record of them. */
const RECORD_AFTER_MS = 1_000;

export interface SimulatedDiskOptions {
  readonly geometry: Geometry;
  readonly accessMs: number;
  /** Offers `writeIfMatching`. */
  readonly sha1?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly maxPieces: number;
  /** Nothing is written or removed: a process only forgets what it has lost. */
  readonly isReadOnly?: boolean | undefined;
  /** Pieces that were read back from a past life are hashed before they are believed, and after `distrust`. */
  readonly proves?: ((piece: number, bytes: Uint8Array) => boolean) | undefined;
  /** Called before a piece takes room. */
  readonly reserve?: ((bytes: number) => void) | undefined;
  /** Hears of every piece that is written. */
  readonly onWrite: (piece: number, bytes: Uint8Array) => void;
}

/**
 * A disk under one share, which outlives processes. Bytes are written to a cache of the system's first; `flush` makes
 * them durable and then records them. Invariant: a piece in the record has its bytes on the medium, and they were whole
 * when they were recorded.
 */
export class SimulatedDisk {
  accessMs: number;
  maxPieces: number;
  readonly options: SimulatedDiskOptions;
  readonly #medium = new Map<number, Uint8Array>();
  readonly #cached = new Map<number, Uint8Array>();
  readonly #record = new Set<number>();

  constructor(options: SimulatedDiskOptions, pieces: Iterable<readonly [number, Uint8Array]> = []) {
    this.options = options;
    this.accessMs = options.accessMs;
    this.maxPieces = options.maxPieces;
    for (const [piece, bytes] of pieces) {
      this.#medium.set(piece, bytes);
      this.#record.add(piece);
    }
  }

  /** Pieces that a process which starts now would say are here. */
  get recorded(): ReadonlySet<number> {
    return this.#record;
  }

  /** Pieces of which there are bytes, durable or not. */
  get pieceCount(): number {
    let count = this.#medium.size;
    for (const piece of this.#cached.keys()) if (!this.#medium.has(piece)) count++;
    return count;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const { length } of this.#medium.values()) bytes += length;
    for (const [piece, { length }] of this.#cached) if (!this.#medium.has(piece)) bytes += length;
    return bytes;
  }

  /** What a read of the piece would find. */
  bytesOf(piece: number): Uint8Array | undefined {
    return this.#cached.get(piece) ?? this.#medium.get(piece);
  }

  /** Opens the share for one process; whatever it does after that has died does nothing. */
  open(clock: Clock & { readonly isDead: boolean }): PieceStore {
    // What nobody vouches for is fetched again.
    for (const piece of [...this.#medium.keys()]) if (!this.#record.has(piece)) this.remove(piece);
    return new DiskStore(this, clock);
  }

  write(piece: number, data: Uint8Array): void {
    if (this.options.isReadOnly === true) throw new Error("The user's own files are never written to");
    if (this.bytesOf(piece) === undefined && this.pieceCount >= this.maxPieces)
      throw new ShoalError("disk-full", `There is room for ${this.maxPieces} pieces`);
    this.options.onWrite(piece, data);
    this.#cached.set(piece, new Uint8Array(data));
  }

  /** What has been written becomes durable, without a record of it; returns what. */
  sync(): readonly number[] {
    const pieces = [...this.#cached.keys()];
    for (const [piece, bytes] of this.#cached) this.#medium.set(piece, bytes);
    this.#cached.clear();
    return pieces;
  }

  /** Notes durable pieces that are still here. */
  noteRecorded(pieces: readonly number[]): void {
    for (const piece of pieces) if (this.#medium.has(piece)) this.#record.add(piece);
  }

  remove(piece: number): void {
    this.#record.delete(piece);
    this.#cached.delete(piece);
    this.#medium.delete(piece);
  }

  /** The process has died; if `loses`, the machine with it: what was not durable is kept, torn or lost. */
  crash(loses: boolean, random: SeededRandom): void {
    if (!loses) {
      this.sync();
      return;
    }
    for (const [piece, bytes] of this.#cached) {
      const fate = random.int(3);
      if (fate === 0) this.#medium.set(piece, bytes);
      else if (fate === 1) this.#medium.set(piece, bytes.fill(0, bytes.length >> 1));
    }
    this.#cached.clear();
  }

  /** Turns a bit of a piece; false when it is not here. */
  flip(piece: number, random: SeededRandom): boolean {
    const bytes = this.bytesOf(piece);
    if (bytes === undefined) return false;
    const at = random.int(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
    return true;
  }
}

/** What one process sees of the disk. */
class DiskStore implements PieceStore {
  readonly writeIfMatching: PieceStore["writeIfMatching"];
  readonly distrust: PieceStore["distrust"];
  readonly isReadOnly: boolean;
  readonly #disk: SimulatedDisk;
  readonly #clock: Clock & { readonly isDead: boolean };
  readonly #present: Uint8Array;
  readonly #proven = new Set<number>();
  readonly #lost = new Set<number>();
  #recording: Timer | undefined;
  #isClosed = false;

  constructor(disk: SimulatedDisk, clock: Clock & { readonly isDead: boolean }) {
    const { geometry, sha1, proves, isReadOnly = false } = disk.options;
    this.isReadOnly = isReadOnly;
    this.#disk = disk;
    this.#clock = clock;
    this.#present = Uint8Array.from({ length: geometry.pieceCount }, (_, piece) => (disk.recorded.has(piece) ? 1 : 0));
    this.writeIfMatching = sha1 && ((piece, data, wanted) => this.#writeIfMatching(piece, data, wanted, sha1));
    this.distrust = proves && (() => this.#proven.clear());
  }

  present(): Uint8Array {
    return this.#present;
  }

  read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    return this.#access(() => {
      const bytes = this.#disk.bytesOf(piece);
      if (bytes === undefined || this.#lost.has(piece)) throw new ShoalError("disk", `Piece ${piece} is not here`);
      if (begin < 0 || begin + into.length > bytes.length)
        throw new ShoalError("disk", `Piece ${piece} has ${bytes.length} bytes`);
      this.#prove(piece, bytes);
      into.set(bytes.subarray(begin, begin + into.length));
    });
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    return this.#access(() => this.#write(piece, data));
  }

  async flush(): Promise<void> {
    const durable = await this.#access(() => this.#disk.sync());
    await this.#access(() => this.#disk.noteRecorded(durable));
  }

  remove(piece: PieceIndex): Promise<void> {
    return this.#access(() => {
      if (this.isReadOnly) this.#lost.add(piece);
      else this.#disk.remove(piece);
    });
  }

  async close(): Promise<void> {
    this.#recording?.cancel();
    await this.flush();
    this.#isClosed = true;
  }

  #writeIfMatching(
    piece: PieceIndex,
    data: Uint8Array,
    wanted: Uint8Array,
    sha1: (bytes: Uint8Array) => Uint8Array,
  ): Promise<boolean> {
    return this.#access(() => {
      if (Buffer.compare(sha1(data), wanted) !== 0) return false;
      this.#write(piece, data);
      return true;
    });
  }

  #write(piece: number, data: Uint8Array): void {
    const { reserve } = this.#disk.options;
    if (this.#disk.bytesOf(piece) === undefined) reserve?.(data.length);
    this.#disk.write(piece, data);
    this.#proven.add(piece);
    this.#recording ??= this.#clock.schedule(RECORD_AFTER_MS, () => {
      this.#recording = undefined;
      // It never fails but where the store was closed meanwhile, which has recorded everything itself.
      void this.flush().catch(() => undefined);
    });
  }

  #prove(piece: number, bytes: Uint8Array): void {
    const { proves } = this.#disk.options;
    if (proves === undefined || this.#proven.has(piece)) return;
    if (!proves(piece, bytes)) {
      this.#disk.remove(piece);
      throw new ShoalError("disk", `Piece ${piece} is not what was stored`);
    }
    this.#proven.add(piece);
  }

  /** Does something on the disk when it has its turn: never, when the process dies before. */
  #access<T>(act: () => T): Promise<T> {
    const { accessMs } = this.#disk;
    return new Promise((resolve, reject) => {
      const run = (): void => {
        if (this.#clock.isDead) return;
        try {
          if (this.#isClosed) throw new ShoalError("disk", "The store is closed");
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new ShoalError("disk", String(error)));
        }
      };
      if (accessMs > 0) this.#clock.schedule(accessMs, run);
      else run();
    });
  }
}
