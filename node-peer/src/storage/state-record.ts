import { crc32 } from "node:zlib";
import { idBytes, infoHashFromBytes, type InfoHash } from "@shoal/peer-core";

/** Every record has this length, so a torn append leaves whole records and a remainder that is known to be torn. */
export const RECORD_BYTES = 40;

/** Bytes before the checksum. */
const BODY_BYTES = RECORD_BYTES - 4;
/** "SHL" and the version of the format. */
const MAGIC = [0x53, 0x48, 0x4c, 1] as const;
const CODES = { boot: 1, wanted: 2, have: 3, lost: 4, stamp: 5, synced: 6 } as const;
export const EPOCH_BYTES = 8;
export const BOOT_ID_BYTES = 16;

/** The first record of a log. */
export interface StateHeader {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  /** Random, part of every checksum: no record of an earlier log is ever taken for one of this. */
  readonly epoch: Uint8Array;
}

/** What a file looked like right after a write. A file is a stored one by index, or UNWANTED_FILE. */
export interface FileStamp {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/** One thing that a state log says. */
export type StateRecord =
  /** What follows was said while the system with this boot id ran: 16 bytes. */
  | { readonly type: "boot"; readonly bootId: Uint8Array }
  /** Files `first` to `first + count - 1` are stored under their names. */
  | { readonly type: "wanted"; readonly first: number; readonly count: number }
  /** The bytes of these pieces were handed to the operating system. */
  | { readonly type: "have"; readonly first: number; readonly count: number }
  | { readonly type: "lost"; readonly piece: number }
  | { readonly type: "stamp"; readonly file: number; readonly stamp: FileStamp }
  /** The bytes of all pieces claimed in the first `records` records of the log are on the disk. */
  | { readonly type: "synced"; readonly records: number };

/** The bytes of a header. */
export function encodeHeader(header: StateHeader): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  bytes.set(MAGIC);
  bytes.set(idBytes(header.infoHash), 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(24, header.pieceCount);
  bytes.set(header.epoch, 28);
  view.setUint32(BODY_BYTES, crc32(bytes.subarray(0, BODY_BYTES)));
  return bytes;
}

/** Undefined unless the bytes are an undamaged header of this format. */
export function decodeHeader(bytes: Uint8Array): StateHeader | undefined {
  if (bytes.length < RECORD_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  if (view.getUint32(BODY_BYTES) !== crc32(bytes.subarray(0, BODY_BYTES))) return undefined;
  return {
    infoHash: infoHashFromBytes(bytes.subarray(4, 24)),
    pieceCount: view.getUint32(24),
    epoch: bytes.slice(28, 28 + EPOCH_BYTES),
  };
}

/** The bytes of `records` when the first of them becomes record number `index` of the log (the header is number 0). */
export function encodeRecords(records: readonly StateRecord[], epoch: Uint8Array, index: number): Uint8Array {
  const bytes = new Uint8Array(records.length * RECORD_BYTES);
  for (const [nth, record] of records.entries()) {
    const slot = bytes.subarray(nth * RECORD_BYTES, (nth + 1) * RECORD_BYTES);
    encodeBody(record, slot);
    viewOf(slot).setUint32(BODY_BYTES, checksum(slot, epoch, index + nth));
  }
  return bytes;
}

/** Record number `index`, of RECORD_BYTES; undefined when it is damaged, of another log, or of another place in it. */
export function decodeRecord(slot: Uint8Array, epoch: Uint8Array, index: number): StateRecord | undefined {
  const view = viewOf(slot);
  if (view.getUint32(BODY_BYTES) !== checksum(slot, epoch, index)) return undefined;
  switch (slot[0]) {
    case CODES.boot:
      return { type: "boot", bootId: slot.slice(8, 8 + BOOT_ID_BYTES) };
    case CODES.wanted:
      return { type: "wanted", first: view.getUint32(8), count: view.getUint32(12) };
    case CODES.have:
      return { type: "have", first: view.getUint32(8), count: view.getUint32(12) };
    case CODES.lost:
      return { type: "lost", piece: view.getUint32(8) };
    case CODES.synced:
      return { type: "synced", records: view.getUint32(8) };
    case CODES.stamp:
      return { type: "stamp", file: view.getInt32(4), stamp: decodeStamp(view) };
    default:
      return undefined;
  }
}

function encodeBody(record: StateRecord, slot: Uint8Array): void {
  const view = viewOf(slot);
  slot[0] = CODES[record.type];
  switch (record.type) {
    case "boot":
      slot.set(record.bootId, 8);
      return;
    case "wanted":
    case "have":
      view.setUint32(8, record.first);
      view.setUint32(12, record.count);
      return;
    case "lost":
      view.setUint32(8, record.piece);
      return;
    case "synced":
      view.setUint32(8, record.records);
      return;
    case "stamp":
      view.setInt32(4, record.file);
      view.setBigUint64(8, BigInt.asUintN(64, record.stamp.mtimeNs));
      view.setBigUint64(16, BigInt.asUintN(64, record.stamp.ctimeNs));
      view.setBigUint64(24, BigInt.asUintN(64, record.stamp.inode));
  }
}

function decodeStamp(view: DataView): FileStamp {
  return {
    mtimeNs: view.getBigUint64(8),
    ctimeNs: view.getBigUint64(16),
    inode: view.getBigUint64(24),
  };
}

function checksum(slot: Uint8Array, epoch: Uint8Array, index: number): number {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, index);
  return crc32(slot.subarray(0, BODY_BYTES), crc32(place, crc32(epoch)));
}

function viewOf(slot: Uint8Array): DataView {
  return new DataView(slot.buffer, slot.byteOffset, slot.byteLength);
}
