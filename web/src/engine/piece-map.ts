import { PIECE } from "./messages.js";

/** More cells than a screen shows; a byte each, twice a second. */
export const MAX_CELLS = 4_096;

/** Peers that can be told apart: the byte above stands for all others. */
export const MAX_SOURCES = 255 - PIECE.from;

export interface PieceFacts {
  readonly pieceCount: number;
  has(piece: number): boolean;
  isUnderWay(piece: number): boolean;
  isWanted(piece: number): boolean;
  /** Number of who brought it; undefined: unknown, or here from before. */
  sourceOf(piece: number): number | undefined;
}

/**
 * One byte a piece, or a group of equal size where there are too many (the last one may be smaller): what is said of it
 * in PIECE. A group is here when all of its wanted pieces are, and under way when one of them is.
 */
export function pieceMap(facts: PieceFacts): Uint8Array {
  const groupSize = Math.max(1, Math.ceil(facts.pieceCount / MAX_CELLS));
  const map = new Uint8Array(Math.ceil(facts.pieceCount / groupSize));
  for (let cell = 0; cell < map.length; cell++) {
    map[cell] = cellOf(facts, cell * groupSize, Math.min(facts.pieceCount, (cell + 1) * groupSize));
  }
  return map;
}

function cellOf(facts: PieceFacts, first: number, end: number): number {
  let here: number | undefined;
  let isMissing = false;
  for (let piece = first; piece < end; piece++) {
    if (facts.has(piece)) here ??= hereBy(facts.sourceOf(piece));
    else if (facts.isUnderWay(piece)) return PIECE.underWay;
    else if (facts.isWanted(piece)) isMissing = true;
  }
  if (isMissing) return PIECE.missing;
  return here ?? PIECE.unwanted;
}

function hereBy(source: number | undefined): number {
  return source === undefined ? PIECE.here : PIECE.from + Math.min(source, MAX_SOURCES);
}
