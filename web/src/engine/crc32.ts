/** Entries of one table; eight of them lie one behind the other: one step takes eight bytes instead of one. */
const SIZE = 256;
const TABLES = createTables();

/** The CRC-32 (ISO 3309, as in ZIP) of `bytes` behind others whose CRC-32 is `before`; 0 to begin with. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const t = TABLES;
  const end = bytes.length - (bytes.length % 8);
  let crc = ~before;
  for (let at = 0; at < end; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    // No index is out of range: `?? 0` is for the types and costs nothing measurable.
    crc =
      (t[7 * SIZE + (low & 255)] ?? 0) ^
      (t[6 * SIZE + ((low >>> 8) & 255)] ?? 0) ^
      (t[5 * SIZE + ((low >>> 16) & 255)] ?? 0) ^
      (t[4 * SIZE + (low >>> 24)] ?? 0) ^
      (t[3 * SIZE + (high & 255)] ?? 0) ^
      (t[2 * SIZE + ((high >>> 8) & 255)] ?? 0) ^
      (t[SIZE + ((high >>> 16) & 255)] ?? 0) ^
      (t[high >>> 24] ?? 0);
  }
  for (let at = end; at < bytes.length; at++) crc = (t[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The table of one byte, then those of a byte with one to seven zeros behind it. */
function createTables(): Int32Array {
  const tables = new Int32Array(8 * SIZE);
  for (let byte = 0; byte < SIZE; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = SIZE; at < tables.length; at++) {
    const crc = tables[at - SIZE] ?? 0;
    tables[at] = (crc >>> 8) ^ (tables[crc & 255] ?? 0);
  }
  return tables;
}
