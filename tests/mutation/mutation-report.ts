import { readFile } from "node:fs/promises";

/** What became of a room's mutants. */
export interface RoomReport {
  readonly mutants: number;
  /** Noticed: a test failed, or nothing ended any more. */
  readonly killed: number;
  /** A line or two each: where, what stood there, and what was put in its place. */
  readonly survivors: readonly string[];
}

/** What is read of the report schema of mutation-testing-elements. */
interface StrykerReport {
  readonly files: Record<string, { readonly source: string; readonly mutants: readonly StrykerMutant[] }>;
}

interface StrykerMutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** Both count from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

const KILLED = ["Killed", "Timeout"];
/** Those that cannot be compiled, or are left out on purpose, say nothing about the tests. */
const COUNTED = [...KILLED, "Survived", "NoCoverage"];

/**
 * What it says about `paths`; there may be more in it, from an earlier run.
 *
 * @throws when the file is not there, or holds something else than a report of Stryker's.
 */
export async function readReport(file: string, paths: readonly string[]): Promise<RoomReport> {
  const { files } = JSON.parse(await readFile(file, "utf8")) as StrykerReport;
  const chosen = Object.entries(files).filter(([path]) => paths.includes(path));
  const all = chosen.flatMap(([path, { source, mutants }]) =>
    mutants
      .filter(({ status }) => COUNTED.includes(status))
      .map((mutant) => ({ path, lines: source.split("\n"), mutant })),
  );
  const survived = all.filter(({ mutant }) => !KILLED.includes(mutant.status));
  return {
    mutants: all.length,
    killed: all.length - survived.length,
    survivors: survived.map(({ path, lines, mutant }) => describe(path, lines, mutant)),
  };
}

function describe(
  path: string,
  lines: readonly string[],
  { mutatorName, location, replacement }: StrykerMutant,
): string {
  const { start, end } = location;
  const first = lines[start.line - 1] ?? "";
  const was = first.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
  const dots = end.line === start.line ? "" : " …";
  return `${path}:${start.line} ${mutatorName}: ${was}${dots} -> ${replacement ?? ""}\n    ${first.trim()}`;
}
