import type { BenchContext } from "../benchmark.js";
import { takeTurns, type Taken } from "./turns.js";

/** Somebody who can take part in a contest. */
export interface Contestant {
  readonly name: string;
  readonly isOurs: boolean;
  /** Makes ready what is needed once; resolves with its version, rejects with what is missing. */
  open(): Promise<string>;
  /** Ends what `open` started. */
  close(): Promise<void>;
}

/** Somebody's part in a contest. */
export interface Entry<Result> extends Taken<Result> {
  readonly name: string;
  readonly isOurs: boolean;
}

/** What came of a contest. */
export interface Contest<Result> {
  readonly entries: readonly Entry<Result>[];
  /** Of those that could be had. */
  readonly versions: readonly string[];
}

export interface ContestRules<Who extends Contestant, Result> {
  readonly contenders: readonly Who[];
  readonly runs: number;
  readonly run: (contender: Who) => Promise<Result>;
  readonly rateOf: (result: Result) => number;
}

/** Opens all contenders, lets them take turns, and closes them. Who cannot be had has a problem and no results. */
export async function contestOf<Who extends Contestant, Result>(
  rules: ContestRules<Who, Result>,
  context: BenchContext,
): Promise<Contest<Result>> {
  const { contenders, runs, rateOf } = rules;
  const opened = new Map<Who, string>();
  const missing = new Map<Who, string>();
  try {
    for (const contender of contenders) {
      try {
        opened.set(contender, await contender.open());
      } catch (error) {
        missing.set(contender, error instanceof Error ? error.message : String(error));
        context.say(`${contender.name} CANNOT BE MEASURED: ${missing.get(contender) ?? ""}`);
      }
    }
    const here = [...opened.keys()];
    const takers = here.map((contender) => {
      return { name: contender.name, isOurs: contender.isOurs, run: () => rules.run(contender) };
    });
    const warmUps = context.isQuick || runs === 1 ? 0 : 1;
    const taken = await takeTurns(takers, { runs, warmUps, rateOf, say: context.say });
    const entries = contenders.map(({ name, isOurs }, at) => {
      const contender = contenders[at];
      const problem = contender && missing.get(contender);
      const score = contender && taken[here.indexOf(contender)];
      return { name, isOurs, ...(score ? pick(score) : { results: [], discarded: 0, problem }) };
    });
    return { entries, versions: [...new Set(opened.values())] };
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

function pick<Result>({ results, discarded, problem }: Taken<Result>): Taken<Result> {
  return { results, discarded, problem };
}

/** What has to be said below a table of this contest. */
export function contestNotes<Result>({ entries, versions }: Contest<Result>): readonly string[] {
  const problems = entries.filter(({ problem }) => problem !== undefined);
  const discarded = entries.filter((entry) => entry.discarded > 0);
  return [
    ...problems.map(({ name, problem }) => `**${name} COULD NOT BE MEASURED:** ${oneLine(problem ?? "")}`),
    `Runs thrown away and made again: ${discarded.map(({ name, discarded: many }) => `${name} ${many}`).join(", ") || "none"}.`,
    `Versions: ${versions.join(", ")}.`,
  ];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}
