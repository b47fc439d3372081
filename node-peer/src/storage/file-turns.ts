/**
 * One write to a file at a time. A file system lets in only one anyway, and the others wait for it turning on the spot: with
 * four of libuv's threads writing to one file that took a twelfth of all processor time of a download.
 */
export class FileTurns {
  readonly #last = new Map<number, Promise<unknown>>();

  /** Runs `work` when everything begun before for the same file has ended, well or not. */
  async take<T>(file: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(file);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(file, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(file) === turn) this.#last.delete(file);
    }
  }
}
