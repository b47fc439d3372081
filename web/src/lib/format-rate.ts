import { formatSize } from "./format-size.js";

/** Bytes per second as they are written everywhere: "8.4 MB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

/** A part of a whole in per cent, rounded down: 100 is said only when nothing is missing. A whole of nothing is complete. */
export function percentOf(part: number, total: number): number {
  return total <= 0 ? 100 : Math.min(100, Math.max(0, Math.floor((part / total) * 100)));
}

/** "34 %", with a space that does not break. */
export function formatPercent(percent: number): string {
  return `${percent}\u00a0%`;
}
