import { ShoalError, type PieceIndex } from "@shoal/peer-core";
import type { VerifyPiece } from "./confirm-claims.js";
import { areAlike, type FileLook, type FileLooks } from "./file-look.js";
import { InTurns } from "./in-turns.js";

/** A file that was written to a moment ago may be written to again without its time telling: FAT counts two seconds. */
const SETTLED_MS = 2_500;
/** Whole pieces in memory at once, of up to 16 MiB each. */
const MOST_HASHED = 4;

export interface PlacedReaderParts {
  readonly pieceSize: (piece: PieceIndex) => number;
  /** Fills `into` from `begin` of a piece, and notes what the files look like afterwards. Rejects when there is less. */
  readonly read: (piece: PieceIndex, begin: number, into: Uint8Array, looks: FileLooks) => Promise<void>;
  readonly verifyPiece: VerifyPiece | undefined;
  /** For errors. */
  readonly path: string;
}

/**
 * Reads what has its final name, and is its user's, who may write to it at any time. A file that looks as it did when all
 * of it was verified is read as it is; of any other only pieces are given that are hashed in memory, and from there: what
 * is still right, is served, whatever happens to the rest.
 */
export class PlacedReader {
  readonly #parts: PlacedReaderParts;
  #trusted: ReadonlyMap<number, FileLook> = new Map();
  #isDistrusted = false;
  /** What the files looked like of which a piece was right, where that says that it still is. */
  readonly #proven = new Map<PieceIndex, FileLooks>();
  readonly #hashing = new Map<PieceIndex, Promise<Uint8Array>>();
  readonly #turns = new InTurns(MOST_HASHED);

  constructor(parts: PlacedReaderParts) {
    this.#parts = parts;
  }

  /** What the files look like of which every piece is right; one that is not among them has changed. */
  trust(looks: ReadonlyMap<number, FileLook>): void {
    this.#trusted = looks;
  }

  /** From now on nothing is believed that was verified before. */
  distrust(): void {
    this.#isDistrusted = true;
    this.#proven.clear();
  }

  /** Rejects with ShoalError "disk" when the piece is not what it should be. */
  async read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    const looks: FileLooks = new Map();
    await this.#parts.read(piece, begin, into, looks);
    if (!this.#isDistrusted && areAlike(looks, this.#trusted)) return;
    const proven = this.#proven.get(piece);
    if (proven !== undefined && areAlike(looks, proven)) return;
    const bytes = await this.#hashed(piece);
    into.set(bytes.subarray(begin, begin + into.length));
  }

  /** The bytes of a piece, which are right. */
  #hashed(piece: PieceIndex): Promise<Uint8Array> {
    const underWay = this.#hashing.get(piece);
    if (underWay !== undefined) return underWay;
    const hashing = this.#turns.run(() => this.#hash(piece)).finally(() => this.#hashing.delete(piece));
    this.#hashing.set(piece, hashing);
    return hashing;
  }

  async #hash(piece: PieceIndex): Promise<Uint8Array> {
    const { pieceSize, read, verifyPiece, path } = this.#parts;
    if (verifyPiece === undefined) throw new ShoalError("disk", `${path} was written to after it was finished`);
    const bytes = new Uint8Array(pieceSize(piece));
    const looks: FileLooks = new Map();
    const settledMs = Date.now() - SETTLED_MS;
    await read(piece, 0, bytes, looks);
    if (!(await verifyPiece(piece, bytes))) {
      this.#proven.delete(piece);
      throw new ShoalError("disk", `Piece ${piece} of ${path} is not what was hashed`);
    }
    const isSettled = [...looks.values()].every(({ mtimeNs }) => mtimeNs < BigInt(settledMs) * 1_000_000n);
    if (isSettled) this.#proven.set(piece, looks);
    return bytes;
  }
}
