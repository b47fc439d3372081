/** What stands in the middle of a series; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The median with the least and the greatest of a series: `142 (138–150)`; `–` for none. */
export function formatSpread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return "–";
  const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(digits),
  );
  return least === greatest ? `${middle}` : `${middle} (${least}–${greatest})`;
}

/** How many times as much: `2.61 ×`. */
export function formatRatio(ours: number, theirs: number): string {
  return Number.isFinite(ours / theirs) ? `${(ours / theirs).toFixed(2)} ×` : "–";
}
