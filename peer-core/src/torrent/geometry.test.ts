import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isShoalError } from "../base/errors.js";
import {
  Geometry,
  MAX_CONTENT_LENGTH,
  MAX_PIECE_COUNT,
  MAX_PIECE_LENGTH,
  MIN_PIECE_LENGTH,
  UNIT_BYTES,
} from "./geometry.js";

const KIB = 1024;
const refusal = (code: string) => expect.objectContaining({ name: "ShoalError", code }) as Error;

/** The same questions answered with whole numbers of any size. */
function oracle(length: number, pieceLength: number, piece: number) {
  const [l, p, i] = [BigInt(length), BigInt(pieceLength), BigInt(piece)];
  const unit = BigInt(UNIT_BYTES);
  const offset = i * p;
  const size = l - offset < p ? l - offset : p;
  return {
    count: Number((l + p - 1n) / p),
    offset: Number(offset),
    size: Number(size),
    units: Number((size + unit - 1n) / unit),
  };
}

const anyGeometry = fc
  .record({
    pieceLength: fc.integer({ min: MIN_PIECE_LENGTH, max: MAX_PIECE_LENGTH }),
    fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    nudge: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ pieceLength, fraction, nudge }) => {
    const most = pieceLength * MAX_PIECE_COUNT;
    // Near a multiple of the piece length half of the time: that is where arithmetic goes wrong.
    const near =
      fraction < 0.5 ? Math.floor(fraction * 2 * MAX_PIECE_COUNT) * pieceLength : Math.floor(fraction * most);
    return { pieceLength, length: Math.min(most, Math.max(1, near + nudge)) };
  });

describe("Geometry", () => {
  it("agrees with a BigInt oracle for every length, piece length and piece within the limits", () => {
    fc.assert(
      fc.property(anyGeometry, fc.double({ min: 0, max: 1, noNaN: true }), ({ length, pieceLength }, fraction) => {
        const geometry = new Geometry(length, pieceLength);
        const last = geometry.pieceCount - 1;
        for (const at of [0, Math.floor(last * fraction), last]) {
          const piece = geometry.pieceIndex(at);
          expect({
            count: geometry.pieceCount,
            offset: geometry.pieceOffset(piece),
            size: geometry.pieceSize(piece),
            units: geometry.unitCount(piece),
          }).toEqual(oracle(length, pieceLength, at));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("lays out pieces that touch each other and end with the content", () => {
    const geometry = new Geometry(100 * KIB, 32 * KIB);
    const laid = [...geometry.pieces()].map((p) => [
      geometry.pieceOffset(p),
      geometry.pieceSize(p),
      geometry.unitCount(p),
    ]);
    expect(laid).toEqual([
      [0, 32 * KIB, 2],
      [32 * KIB, 32 * KIB, 2],
      [64 * KIB, 32 * KIB, 2],
      [96 * KIB, 4 * KIB, 1],
    ]);
  });

  it("has no pieces for no content", () => {
    const empty = new Geometry(0, 32 * KIB);
    expect(empty.pieceCount).toBe(0);
    expect([...empty.pieces()]).toEqual([]);
    expect(() => empty.pieceIndex(0)).toThrow(refusal("wire"));
    expect(empty.piecesOf(0, 0)).toEqual({ first: 0, end: 0 });
  });

  it("accepts the limits and refuses what is one beyond them", () => {
    expect(new Geometry(MAX_CONTENT_LENGTH, MAX_PIECE_LENGTH).pieceCount).toBe(MAX_PIECE_COUNT);
    expect(new Geometry(MIN_PIECE_LENGTH * MAX_PIECE_COUNT, MIN_PIECE_LENGTH).pieceCount).toBe(MAX_PIECE_COUNT);
    const beyond = [
      [MAX_CONTENT_LENGTH + 1, MAX_PIECE_LENGTH],
      [MIN_PIECE_LENGTH * MAX_PIECE_COUNT + 1, MIN_PIECE_LENGTH],
      [1, MIN_PIECE_LENGTH - 1],
      [1, MAX_PIECE_LENGTH + 1],
      [1, 0],
      [1, -32768],
      [-1, 32768],
      [0.5, 32768],
      [1, 32768.5],
      [NaN, 32768],
      [1, NaN],
      [Infinity, 32768],
    ] as const;
    for (const [length, pieceLength] of beyond) {
      expect(() => new Geometry(length, pieceLength)).toThrow(refusal("metainfo"));
    }
  });

  it("makes indexes of existing pieces only", () => {
    const geometry = new Geometry(100 * KIB, 32 * KIB);
    expect(geometry.pieceIndex(3)).toBe(3);
    for (const value of [4, -1, 0.5, NaN, Infinity, 2 ** 32, 2 ** 53]) {
      expect(() => geometry.pieceIndex(value)).toThrow(refusal("wire"));
    }
  });

  it("accepts exactly the blocks that lie in their piece and are not too long", () => {
    const int = fc.oneof(fc.integer({ min: 0, max: 3 * UNIT_BYTES }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const geometry = new Geometry(100 * KIB, 32 * KIB);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), int, int, (piece, begin, length) => {
        const size = piece < 3 ? 32n * 1024n : 4n * 1024n;
        const fits = piece < 4 && length >= 1 && length <= UNIT_BYTES && BigInt(begin) + BigInt(length) <= size;
        let accepted = true;
        try {
          expect(geometry.checkBlock(piece, begin, length, UNIT_BYTES)).toBe(piece);
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
          accepted = false;
        }
        expect(accepted).toBe(fits);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses blocks of no bytes, of fractions and past the end of a short last piece", () => {
    const geometry = new Geometry(100 * KIB, 32 * KIB);
    expect(geometry.checkBlock(3, 0, 4 * KIB, UNIT_BYTES)).toBe(3);
    for (const [begin, length] of [
      [0, 0],
      [0, -1],
      [-1, 1],
      [0.5, 1],
      [0, 1.5],
      [0, 4 * KIB + 1],
      [4 * KIB, 1],
      [NaN, 1],
    ] as const) {
      expect(() => geometry.checkBlock(3, begin, length, UNIT_BYTES)).toThrow(refusal("wire"));
    }
  });

  it("names exactly the pieces that a byte range touches", () => {
    fc.assert(
      fc.property(
        anyGeometry,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        ({ length, pieceLength }, at, n) => {
          const geometry = new Geometry(length, pieceLength);
          const offset = Math.floor((length - 1) * at);
          const size = Math.min(n, length - offset);
          const p = BigInt(pieceLength);
          const first = Number(BigInt(offset) / p);
          const end = size === 0 ? first : Number((BigInt(offset) + BigInt(size) - 1n) / p) + 1;
          expect(geometry.piecesOf(offset, size)).toEqual({ first, end });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("takes a byte range outside the content for a bug", () => {
    const geometry = new Geometry(100, 32 * KIB);
    expect(() => geometry.piecesOf(101, 0)).toThrow("Invariant");
    expect(() => geometry.piecesOf(50, 51)).toThrow("Invariant");
    expect(geometry.piecesOf(100, 0)).toEqual({ first: 0, end: 0 });
  });
});
