import { Bitfield } from "@shoal/peer-core/torrent";
import type { RandomAccessFile } from "./random-access-file.js";

/** Tells our record from anything else, and its format from later ones. */
const MAGIC = Uint8Array.of(0x53, 0x68, 0x6f, 0x61, 0x6c, 0x01, 0x0d, 0x0a);

/**
 * The record of which pieces of a share are in storage: one bit each, written in place behind the bytes that it speaks
 * of. A write that a crash cuts short mixes the old record with the new, and either claims only what is there.
 */
export const PieceRecord = {
  /** What the record says; nothing when it is not one, or one of another share. */
  read(file: RandomAccessFile, pieceCount: number): Bitfield {
    const empty = new Bitfield(pieceCount);
    const bytes = new Uint8Array(MAGIC.length + Math.ceil(pieceCount / 8));
    if (file.size() !== bytes.length || file.read(bytes, 0) !== bytes.length) return empty;
    if (MAGIC.some((byte, index) => bytes[index] !== byte)) return empty;
    try {
      return Bitfield.fromWire(bytes.subarray(MAGIC.length), pieceCount);
    } catch {
      return empty;
    }
  },

  /** Replaces the record; it survives a crash when this returns. */
  write(file: RandomAccessFile, have: Bitfield): void {
    const bits = have.toWire();
    const bytes = new Uint8Array(MAGIC.length + bits.length);
    bytes.set(MAGIC);
    bytes.set(bits, MAGIC.length);
    if (file.size() !== bytes.length) file.truncate(bytes.length);
    if (file.write(bytes, 0) !== bytes.length) throw new Error("The record of stored pieces could not be written");
    file.flush();
  },
};
