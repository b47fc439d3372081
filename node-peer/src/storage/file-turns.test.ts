import { describe, expect, it } from "vitest";
import { FileTurns } from "./file-turns.js";

/** Work that ends when it is told to, and writes down when it began. */
class Jobs {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, { resolve: (name: string) => void; reject: (error: Error) => void }>();

  readonly job = (name: string) => () => {
    this.begun.push(name);
    return new Promise<string>((resolve, reject) => this.#ends.set(name, { resolve, reject }));
  };

  end(name: string): void {
    this.#ends.get(name)?.resolve(name);
  }

  fail(name: string): void {
    this.#ends.get(name)?.reject(new Error(name));
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("FileTurns", () => {
  it("does one thing after the other for a file, in order, and other files meanwhile", async () => {
    const turns = new FileTurns();
    const jobs = new Jobs();
    const done = [turns.take(1, jobs.job("a")), turns.take(1, jobs.job("b")), turns.take(2, jobs.job("c"))];
    done.push(turns.take(1, jobs.job("d")));
    await settle();
    expect(jobs.begun).toEqual(["a", "c"]);
    for (const name of ["a", "b", "c", "d"]) {
      jobs.end(name);
      await settle();
    }
    expect(jobs.begun).toEqual(["a", "c", "b", "d"]);
    expect(await Promise.all(done)).toEqual(["a", "b", "c", "d"]);
  });

  it("goes on after a failure, which only who asked for it is told", async () => {
    const turns = new FileTurns();
    const jobs = new Jobs();
    const first = turns.take(1, jobs.job("a"));
    const second = turns.take(1, jobs.job("b"));
    jobs.fail("a");
    await expect(first).rejects.toThrow("a");
    await settle();
    jobs.end("b");
    expect(await second).toBe("b");
    const third = turns.take(1, jobs.job("c"));
    expect(jobs.begun).toEqual(["a", "b", "c"]);
    jobs.end("c");
    await third;
  });
});
