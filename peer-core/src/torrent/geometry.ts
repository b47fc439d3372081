import { ShoalError } from "../base/errors.js";
import type { PieceIndex } from "../base/ids.js";
import { invariant } from "../base/invariant.js";

/** Bytes of one unit, the block that every BitTorrent client serves and the grain in which pieces are assembled (BEP 3). */
export const UNIT_BYTES = 16384;

/** Shorter pieces than one unit would make requests that other clients refuse. */
export const MIN_PIECE_LENGTH = 16 * 1024;

/** A piece is held in memory while it is assembled and hashed: several at once must fit a tab. */
export const MAX_PIECE_LENGTH = 16 * 1024 * 1024;

/** Keeps a bitfield at 128 KiB and the hashes at 20 MiB. */
export const MAX_PIECE_COUNT = 2 ** 20;

/** The most that 2^20 pieces of 16 MiB hold: 16 TiB, far from where arithmetic on doubles stops being exact. */
export const MAX_CONTENT_LENGTH = MAX_PIECE_COUNT * MAX_PIECE_LENGTH;

/** Where pieces and units of one share lie. The only maker of a PieceIndex, so an index that exists is in range. */
export class Geometry {
  /** Bytes of content. */
  readonly length: number;
  /** Bytes of every piece but the last. */
  readonly pieceLength: number;
  readonly pieceCount: number;

  /** Throws ShoalError("metainfo") outside the limits of this file. */
  constructor(length: number, pieceLength: number) {
    if (!isWithin(pieceLength, MIN_PIECE_LENGTH, MAX_PIECE_LENGTH)) {
      throw new ShoalError(
        "metainfo",
        `A piece has ${MIN_PIECE_LENGTH} to ${MAX_PIECE_LENGTH} bytes, not ${pieceLength}`,
      );
    }
    if (!isWithin(length, 0, MAX_CONTENT_LENGTH)) {
      throw new ShoalError("metainfo", `A share has at most ${MAX_CONTENT_LENGTH} bytes, not ${length}`);
    }
    const pieceCount = Math.ceil(length / pieceLength);
    if (pieceCount > MAX_PIECE_COUNT) {
      throw new ShoalError("metainfo", `A share has at most ${MAX_PIECE_COUNT} pieces, not ${pieceCount}`);
    }
    this.length = length;
    this.pieceLength = pieceLength;
    this.pieceCount = pieceCount;
  }

  /** The index of an existing piece; throws ShoalError("wire") for anything else. */
  pieceIndex(value: number): PieceIndex {
    if (!isWithin(value, 0, this.pieceCount - 1)) {
      throw new ShoalError("wire", `Expected a piece below ${this.pieceCount}, not ${value}`);
    }
    return value as PieceIndex;
  }

  /** All pieces in order. */
  *pieces(): Generator<PieceIndex, void> {
    for (let index = 0; index < this.pieceCount; index++) yield index as PieceIndex;
  }

  /** Bytes of a piece: shorter than `pieceLength` for the last one only. */
  pieceSize(piece: PieceIndex): number {
    return Math.min(this.pieceLength, this.length - this.pieceOffset(piece));
  }

  /** Where a piece begins in the content, in bytes. */
  pieceOffset(piece: PieceIndex): number {
    return piece * this.pieceLength;
  }

  /** How many units a piece has, a short last one included. */
  unitCount(piece: PieceIndex): number {
    return Math.ceil(this.pieceSize(piece) / UNIT_BYTES);
  }

  /** The piece of a block that lies wholly in it and is 1 to `maxLength` bytes long; throws ShoalError("wire") otherwise. */
  checkBlock(piece: number, begin: number, length: number, maxLength: number): PieceIndex {
    const index = this.pieceIndex(piece);
    const size = this.pieceSize(index);
    if (!isWithin(length, 1, maxLength)) {
      throw new ShoalError("wire", `Expected a block of 1 to ${maxLength} bytes, not ${length}`);
    }
    if (!isWithin(begin, 0, size - length)) {
      throw new ShoalError("wire", `A block of ${length} bytes at ${begin} does not fit a piece of ${size}`);
    }
    return index;
  }

  /** The pieces `first` up to, not including, `end` that a byte range of the content touches; none for an empty range. */
  piecesOf(offset: number, length: number): { first: number; end: number } {
    invariant(isWithin(offset, 0, this.length), "a range begins inside the content");
    invariant(isWithin(length, 0, this.length - offset), "a range ends inside the content");
    const first = Math.floor(offset / this.pieceLength);
    return { first, end: length === 0 ? first : Math.ceil((offset + length) / this.pieceLength) };
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
