import { median } from "../statistics.js";

/** A run below this share of the contender's usual rate was disturbed. */
const DISTURBED = 0.5;

/** One of those that take turns. */
export interface TurnTaker<Result> {
  readonly name: string;
  readonly isOurs: boolean;
  run(): Promise<Result>;
}

/** What came of somebody's runs. */
export interface Taken<Result> {
  readonly results: readonly Result[];
  /** Runs that were thrown away and made again. */
  readonly discarded: number;
  /** Why there are no results, or fewer. */
  readonly problem: string | undefined;
}

export interface TurnRules<Result> {
  readonly runs: number;
  /** Rounds before those that count. */
  readonly warmUps: number;
  /** Greater is better. */
  readonly rateOf: (result: Result) => number;
  readonly say: (text: string) => void;
}

/**
 * Lets everybody run in turns, so that what disturbs the machine for a while disturbs all alike. A rival's run below half
 * of the median of its own is thrown away and made again, ours never is. Who fails is out, and says why.
 */
export async function takeTurns<Result>(
  takers: readonly TurnTaker<Result>[],
  rules: TurnRules<Result>,
): Promise<readonly Taken<Result>[]> {
  const scores = takers.map((taker) => new Score(taker, rules));
  for (let round = 0; round < rules.warmUps; round++) for (const score of scores) await score.warmUp();
  for (let round = 0; round < rules.runs; round++) for (const score of scores) await score.take();
  // Who was slow in his first runs is known to have been disturbed only now.
  for (const score of scores) await score.makeUp();
  return scores;
}

class Score<Result> implements Taken<Result> {
  results: readonly Result[] = [];
  discarded = 0;
  problem: string | undefined;
  readonly #taker: TurnTaker<Result>;
  readonly #rules: TurnRules<Result>;

  constructor(taker: TurnTaker<Result>, rules: TurnRules<Result>) {
    this.#taker = taker;
    this.#rules = rules;
  }

  async warmUp(): Promise<void> {
    await this.#run("warm-up");
  }

  async take(): Promise<void> {
    const result = await this.#run(`run ${this.results.length + 1}`);
    if (result !== undefined) this.results = [...this.results, result];
  }

  /** Runs again what was thrown away, at most as often as there are runs. */
  async makeUp(): Promise<void> {
    for (let more = this.#rules.runs; more > 0 && this.problem === undefined; more--) {
      this.#discard();
      if (this.results.length >= this.#rules.runs) return;
      await this.take();
    }
  }

  async #run(what: string): Promise<Result | undefined> {
    if (this.problem !== undefined) return undefined;
    try {
      const result = await this.#taker.run();
      this.#rules.say(`${this.#taker.name}, ${what}: ${this.#rules.rateOf(result).toFixed(0)}`);
      return result;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.#rules.say(`${this.#taker.name} FAILED: ${this.problem}`);
      return undefined;
    }
  }

  #discard(): void {
    if (this.#taker.isOurs) return;
    const usual = median(this.results.map(this.#rules.rateOf));
    const kept = this.results.filter((result) => this.#rules.rateOf(result) >= DISTURBED * usual);
    this.discarded += this.results.length - kept.length;
    this.results = kept;
  }
}
