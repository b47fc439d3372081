/** Eight tables: one step takes eight bytes, which is four times as fast as one byte a step. */
const SLICES = 8;
const TABLES = createTables();

/** The CRC-32 (ISO 3309, as in ZIP) of `bytes` behind others whose CRC-32 is `before`; 0 to begin with. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = ~before;
  let at = 0;
  // Indexes below 256 into tables of 256: what `?? 0` would cost here is half the speed.
  const of = (table: Uint32Array, index: number): number => table[index] as number;
  for (const end = bytes.length - (SLICES - 1); at < end; at += SLICES) {
    const b = (index: number): number => bytes[at + index] as number;
    crc ^= b(0) | (b(1) << 8) | (b(2) << 16) | (b(3) << 24);
    crc =
      of(t7, crc & 0xff) ^
      of(t6, (crc >>> 8) & 0xff) ^
      of(t5, (crc >>> 16) & 0xff) ^
      of(t4, crc >>> 24) ^
      of(t3, b(4)) ^
      of(t2, b(5)) ^
      of(t1, b(6)) ^
      of(t0, b(7));
  }
  for (; at < bytes.length; at++) crc = of(t0, (crc ^ (bytes[at] as number)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Table = Uint32Array;

function createTables(): readonly [Table, Table, Table, Table, Table, Table, Table, Table] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  const next = (table: Table): Table => table.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0));
  const [a, b, c, d] = [next(first), next(next(first)), next(next(next(first))), next(next(next(next(first))))];
  return [first, a, b, c, d, next(d), next(next(d)), next(next(next(d)))];
}
