/** Runs work as it comes, so many at once; what comes then waits for one of those before it, whichever way that ends. */
export class InTurns {
  readonly #most: number;
  #turns: Promise<unknown>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turns.length < this.#most ? undefined : this.#turns.shift();
    const done = before === undefined ? work() : before.then(work);
    this.#turns.push(done.catch(() => undefined));
    return done;
  }
}
