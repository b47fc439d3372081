/**
 * Milliseconds to wait after the `failures`-th failure in a row (from 1): jitter over nearly the whole of a ceiling
 * that doubles from `firstMs` to `longestMs`, so that many who failed together do not come back together.
 */
export function backoffMs(failures: number, random: { float(): number }, firstMs: number, longestMs: number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceiling * (0.1 + 0.9 * random.float()));
}
