/** Results as they are printed: every cell is text, the first column names the row. */
export interface ResultTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How it was measured, and what went wrong; one sentence or two each. */
  readonly notes: readonly string[];
}

/** What a benchmark is told. */
export interface BenchContext {
  /** Counted runs of each contender, at least 1. */
  readonly runs: number;
  /** Size of the file that is carried; a benchmark without one ignores it. */
  readonly bytes: number;
  /** Only whether it works is of interest: everything small and short, no warm-up. */
  readonly isQuick: boolean;
  /** A folder of its own on the disk that is measured; removed afterwards. */
  readonly folder: string;
  /** Tells the person who waits what is going on; one line. */
  readonly say: (text: string) => void;
}

/** One thing that `npm run bench` measures. It ends every process that it starts, also when it rejects. */
export interface Benchmark {
  /** As on the command line. */
  readonly name: string;
  /** What it measures, for `--help` and as heading. */
  readonly title: string;
  run(context: BenchContext): Promise<readonly ResultTable[]>;
}
