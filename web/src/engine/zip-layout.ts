import { utf8Encode } from "@shoal/peer-core/torrent";

/** A file to be put into a ZIP, stored as it is. */
export interface ZipEntry {
  /** With "/" between components; checked for safety by the caller. */
  readonly path: string;
  readonly size: number;
  readonly crc32: number;
}

/** What a ZIP consists of, in order: bytes, and whole files by their index among the entries. */
export type ZipPart = Uint8Array<ArrayBuffer> | { readonly entry: number };

const MAX_32 = 0xffff_ffff;
const MAX_16 = 0xffff;
/** The version of the format (APPNOTE.TXT) that has ZIP64. */
const VERSION = 45;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** The earliest day that ZIP knows: a share has no times. */
const DATE = (1 << 5) | 1;

/**
 * Lays out a ZIP of stored files (APPNOTE.TXT 6.3, with ZIP64 where sizes, offsets or counts need it) without touching
 * their bytes: a Blob of the parts is the archive, and nothing of it needs to be in memory.
 */
export function layOutZip(entries: readonly ZipEntry[]): ZipPart[] {
  const parts: ZipPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const [index, entry] of entries.entries()) {
    const name = utf8Encode(entry.path);
    const header = localHeader(entry, name);
    directory.push(directoryHeader(entry, name, offset));
    parts.push(header);
    if (entry.size > 0) parts.push({ entry: index });
    offset += header.length + entry.size;
  }
  const size = directory.reduce((sum, header) => sum + header.length, 0);
  return [...parts, ...directory, ...endOfDirectory(entries.length, size, offset)];
}

function localHeader({ size, crc32 }: ZipEntry, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const extra = size >= MAX_32 ? zip64Extra([size, size]) : [];
  return new Fields()
    .u32(0x04034b50)
    .u16(VERSION, FLAGS, 0, 0, DATE)
    .u32(crc32, capped(size), capped(size))
    .u16(name.length, extra.length)
    .bytes(name, extra)
    .finish();
}

function directoryHeader({ size, crc32 }: ZipEntry, name: Uint8Array, offset: number): Uint8Array<ArrayBuffer> {
  const wide = [...(size >= MAX_32 ? [size, size] : []), ...(offset >= MAX_32 ? [offset] : [])];
  const extra = wide.length > 0 ? zip64Extra(wide) : [];
  return new Fields()
    .u32(0x02014b50)
    .u16(VERSION, VERSION, FLAGS, 0, 0, DATE)
    .u32(crc32, capped(size), capped(size))
    .u16(name.length, extra.length, 0, 0, 0)
    .u32(0, capped(offset))
    .bytes(name, extra)
    .finish();
}

function endOfDirectory(count: number, size: number, offset: number): Uint8Array<ArrayBuffer>[] {
  const few = Math.min(count, MAX_16);
  const end = new Fields().u32(0x06054b50).u16(0, 0, few, few).u32(capped(size), capped(offset)).u16(0).finish();
  if (count < MAX_16 && size < MAX_32 && offset < MAX_32) return [end];
  const end64 = new Fields()
    .u32(0x06064b50)
    .u64(44)
    .u16(VERSION, VERSION)
    .u32(0, 0)
    .u64(count, count, size, offset)
    .finish();
  const locator = new Fields()
    .u32(0x07064b50, 0)
    .u64(offset + size)
    .u32(1)
    .finish();
  return [end64, locator, end];
}

function zip64Extra(values: readonly number[]): readonly number[] {
  return [
    ...new Fields()
      .u16(0x0001, 8 * values.length)
      .u64(...values)
      .finish(),
  ];
}

function capped(value: number): number {
  return Math.min(value, MAX_32);
}

/** Little-endian fields, one after the other. */
class Fields {
  readonly #bytes: number[] = [];

  u16(...values: readonly number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff, (value >>> 8) & 0xff);
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) this.u16(value & MAX_16, value >>> 16);
    return this;
  }

  /** Up to 2^53. */
  u64(...values: readonly number[]): this {
    for (const value of values) this.u32(value % 2 ** 32, Math.floor(value / 2 ** 32));
    return this;
  }

  bytes(...runs: readonly ArrayLike<number>[]): this {
    for (const run of runs) this.#bytes.push(...Array.from(run));
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
