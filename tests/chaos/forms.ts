/** How long and how hard a run is. */
export interface ChaosForm {
  /** Faults that hit something. */
  readonly faults: number;
  /** The mean gap between two. */
  readonly gapMs: number;
  /** How long one may last. */
  readonly lengthsMs: readonly number[];
  /** Whether a browser's tab takes part. */
  readonly hasTab: boolean;
}

/** Part of the ordinary tests: about three minutes. */
export const SHORT_FORM: ChaosForm = { faults: 100, gapMs: 800, lengthsMs: [500, 1000, 2000, 4000], hasTab: false };

/** Faults that last until time-outs have passed, 60 seconds at most: about a quarter of an hour a run. */
export const LONG_FORM: ChaosForm = {
  faults: 400,
  gapMs: 2000,
  lengthsMs: [500, 2000, 5000, 5000, 20_000, 60_000],
  hasTab: true,
};

/** Runs of the long form that make the matrix: a night. */
export const MATRIX_RUNS = 25;
