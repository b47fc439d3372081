/** A straight line through samples. */
export interface Trend {
  /** In units of the values per hour. */
  readonly perHour: number;
  /** Standard error of that. */
  readonly error: number;
  readonly first: number;
  readonly last: number;
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/**
 * Samples in a row are alike (a heap grows until it is swept), so that each of them says less than it seems: the line goes
 * through the means of this many stretches of time.
 */
const STRETCHES = 24;

/** Least squares through the samples, in order of time; undefined of too few for an error. */
export function trendOf(samples: readonly Sample[]): Trend | undefined {
  const means = stretchMeans(samples);
  const count = means.length;
  if (count < 3) return undefined;
  const meanAt = sum(means, ({ atMs }) => atMs) / count;
  const meanValue = sum(means, ({ value }) => value) / count;
  const spread = sum(means, ({ atMs }) => (atMs - meanAt) ** 2);
  const slope = sum(means, ({ atMs, value }) => (atMs - meanAt) * (value - meanValue)) / spread;
  const rest = sum(means, ({ atMs, value }) => (value - meanValue - slope * (atMs - meanAt)) ** 2);
  const error = Math.sqrt(rest / (count - 2) / spread);
  return {
    perHour: slope * 3_600_000,
    error: error * 3_600_000,
    first: means[0]?.value ?? NaN,
    last: means.at(-1)?.value ?? NaN,
  };
}

function stretchMeans(samples: readonly Sample[]): Sample[] {
  const stretches = Math.min(STRETCHES, samples.length);
  return Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * samples.length) / stretches);
    const part = samples.slice(from, Math.floor(((index + 1) * samples.length) / stretches));
    return {
      atMs: sum(part, ({ atMs }) => atMs) / part.length,
      value: sum(part, ({ value }) => value) / part.length,
    };
  });
}

function sum(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((total, sample) => total + of(sample), 0);
}
