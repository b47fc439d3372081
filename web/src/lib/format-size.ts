const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes as file managers write them: powers of 1,000, one decimal below 100 ("1.3 GB", "41 MB", "12.5 kB"). */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would be rounded to 1,000 is 1 of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 99.95 && unit > 0 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0);
  return `${digits} ${UNITS[unit] ?? "B"}`;
}

/** A piece length: a power of two, so in powers of 1,024 ("256 KiB", "4 MiB"). */
export function formatPieceLength(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / (1024 * 1024)} MiB` : `${bytes / 1024} KiB`;
}
