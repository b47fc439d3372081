/** Work on one task, one piece of it after the other, in the order in which it was asked for. */
export class TaskTurns {
  readonly #onError: (error: unknown) => Promise<void>;
  #last: Promise<void> = Promise.resolve();

  /** `onError` is told what a piece of work threw, and is done before the next one begins; it never rejects. */
  constructor(onError: (error: unknown) => Promise<void>) {
    this.#onError = onError;
  }

  /** Resolves when the work is done, or has failed. */
  take(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(this.#onError);
    return this.#last;
  }
}
