import { UsageError } from "./usage-error.js";

const SIZE_FACTORS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const DURATION_FACTORS: Readonly<Record<string, number>> = { ms: 1, "": 1e3, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Bytes of "512", "16K", "1.5M", "2GiB": powers of 1,024. Throws UsageError. */
export function parseSize(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = Number(match?.[1]) * (SIZE_FACTORS[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(Math.round(bytes)))
    throw new UsageError(`"${text}" is not a size: expected one like 512, 64K, 2M or 1.5G`);
  return Math.round(bytes);
}

/** Bytes per second of "2M", "500K", "2M/s", 0 for none. Throws UsageError. */
export function parseRate(text: string): number {
  return parseSize(text.replace(/(\/s|ps)$/i, ""));
}

/** Milliseconds of "60s", "90" (seconds), "2h", "7d", "500ms". Throws UsageError. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|[smhd]?)$/i.exec(text.trim());
  const ms = Number(match?.[1]) * (DURATION_FACTORS[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(Math.round(ms)))
    throw new UsageError(`"${text}" is not a duration: expected one like 60s, 5m, 2h or 7d`);
  return Math.round(ms);
}

/** A TCP port, 0 to 65,535 (0: a free one). Throws UsageError. */
export function parsePort(text: string): number {
  const port = parseCount(text);
  if (port > 65_535) throw new UsageError(`"${text}" is not a port: expected 0 to 65535`);
  return port;
}

/** A non-negative whole number. Throws UsageError. */
export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text.trim())) throw new UsageError(`"${text}" is not a whole number`);
  return Number(text);
}

/** A non-negative number such as "1.5". Throws UsageError. */
export function parseRatio(text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim()))
    throw new UsageError(`"${text}" is not a ratio: expected one like 1 or 2.5`);
  return Number(text);
}

/** "1.4 GiB": three significant digits, for people. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/** "3m 20s": the two largest units, for people. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return ms < 9_950 && ms % 1000 !== 0 ? `${(ms / 1000).toFixed(1)}s` : `${seconds}s`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  return hours > 0 ? `${hours}h ${minutes}m` : `${minutes}m ${seconds % 60}s`;
}

/** "1,234 files", "1 file": a count with its noun. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}

/** ISO 8601 of a time in unix seconds; strangers' numbers beyond any calendar give its end. */
export function formatDate(unixSeconds: number): string {
  return new Date(Math.min(unixSeconds * 1000, 8.64e15)).toISOString();
}
