import type { HeldPieces } from "@shoal/peer-core/announce";
import { MAX_PIECES } from "@shoal/peer-core/announce";

/** The pieces a peer has reported: all of them, or a bitfield (BEP 3 bit order) that grows as reports come. */
export type HeldRecord = "all" | Uint8Array;

/** True when the record says that the piece is held. */
export function holds(held: HeldRecord | undefined, piece: number): boolean {
  if (held === undefined || held === "all") return held === "all";
  return ((held[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;
}

/** Bytes of memory that a record costs. */
export function heldBytes(held: HeldRecord | undefined): number {
  return held instanceof Uint8Array ? held.length : 0;
}

/** Bytes that the record would have after `report`, to be checked against a budget before it is applied. */
export function heldBytesAfter(held: HeldRecord | undefined, report: HeldPieces): number {
  if (report.kind === "all" || (held === "all" && report.kind === "indexes")) return 0;
  if (report.kind === "bitfield") return report.bytes.length;
  return Math.max(heldBytes(held), bytesFor(report.pieces));
}

/** The record after a report: a bitfield replaces, indexes add. May change and return `held` itself. */
export function applyReport(held: HeldRecord | undefined, report: HeldPieces): HeldRecord {
  if (report.kind === "all" || (held === "all" && report.kind === "indexes")) return "all";
  if (report.kind === "bitfield") return report.bytes.slice();
  const wanted = bytesFor(report.pieces);
  let bits = held instanceof Uint8Array ? held : new Uint8Array(0);
  if (bits.length < wanted) {
    const grown = new Uint8Array(wanted);
    grown.set(bits);
    bits = grown;
  }
  for (const piece of report.pieces) {
    if (piece < MAX_PIECES) bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
  }
  return bits;
}

/** Adds one to the count of every piece below `counts.length` that the record holds. */
export function countHeld(held: HeldRecord, counts: Uint32Array): void {
  if (held === "all") {
    for (let piece = 0; piece < counts.length; piece++) counts[piece] = (counts[piece] ?? 0) + 1;
    return;
  }
  for (let at = 0; at < held.length; at++) {
    const byte = held[at] ?? 0;
    for (let bit = 0; byte !== 0 && bit < 8; bit++) {
      const piece = at * 8 + bit;
      if ((byte & (0x80 >> bit)) !== 0 && piece < counts.length) counts[piece] = (counts[piece] ?? 0) + 1;
    }
  }
}

function bytesFor(pieces: readonly number[]): number {
  let highest = -1;
  for (const piece of pieces) if (piece < MAX_PIECES && piece > highest) highest = piece;
  return Math.ceil((highest + 1) / 8);
}
