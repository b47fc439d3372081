import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { cpuSeconds, endedChildrenCpuSeconds, isListening } from "./proc-fs.js";

/** No step of a benchmark takes a third of it, with 8 GiB neither. */
const WAIT_LIMIT_MS = 10 * 60_000;

const LISTENS_EVERY_MS = 10;

/** Enough of what a process said to explain why it failed. */
const SAID_CHARACTERS = 2_000;
const NAME_CHARACTERS = 60;

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that is timed: what it prints, when it ends, and what it cost. */
export class MeasuredProcess {
  static readonly #running = new Set<MeasuredProcess>();

  /** Ends all that run, at once: for when somebody interrupts. */
  static killAll(): void {
    for (const each of MeasuredProcess.#running) each.#child.kill("SIGKILL");
  }

  /** When it was started, of `performance.now()`. */
  readonly startedMs = performance.now();
  /** Resolves with its exit code when it has ended, 128 and more for a signal; -1 when it could not be started. */
  readonly ended: Promise<number>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #endedBefore = endedChildrenCpuSeconds();
  #cpuAtEnd = 0;
  #said = "";
  #exitCode: number | undefined;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.#name = [command.split("/").at(-1), ...args].join(" ").slice(0, NAME_CHARACTERS);
    const env = { ...process.env, ...options.env };
    this.#child = spawn(command, args, { cwd: options.cwd, env, stdio: "pipe" });
    this.#child.on("error", (error) => this.#hear(error.message));
    // When somebody writes to a process that has just ended, its end is what is told.
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#hear(chunk.toString()));
    if (this.#child.stdout)
      createInterface(this.#child.stdout).on("line", (line) => {
        this.#lines.push(line);
        this.#hear(`${line}\n`);
        this.#tell();
      });
    MeasuredProcess.#running.add(this);
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** CPU seconds so far. Once it has ended they are right only if no other child of ours ended while it ran. */
  get cpuSeconds(): number {
    if (this.#exitCode !== undefined) return this.#cpuAtEnd;
    return cpuSeconds(this.pid) ?? 0;
  }

  /** Lines printed to standard output so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Resolves with the first thing, past or to come, that `look` makes of a line; rejects when it ends without. */
  async line<T>(what: string, look: (line: string) => T | undefined): Promise<T> {
    let seen = 0;
    return await this.#until(what, () => {
      for (; seen < this.#lines.length; seen++) {
        const found = look(this.#lines[seen] ?? "");
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  /** Resolves when it has ended well; rejects when it fails. */
  async succeed(): Promise<void> {
    const code = await this.#until("its end", () => this.#exitCode);
    if (code !== 0) throw this.#failure(`failed with ${code}`);
  }

  /** Resolves when somebody listens on a port where this process runs: itself, which cannot say it. */
  async listens(port: number): Promise<void> {
    const looking = setInterval(() => this.#tell(), LISTENS_EVERY_MS);
    try {
      await this.#until("listening", () => (isListening(port, this.pid) ? true : undefined));
    } finally {
      clearInterval(looking);
    }
  }

  /** Resolves with what `look` finds, looked for at every line and at the end; ends the process when it rejects. */
  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        then();
      };
      const check = () => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#exitCode !== undefined)
          settle(() => reject(this.#failure(`ended with ${this.#exitCode} before ${what}`)));
      };
      const timer = setTimeout(() => settle(() => reject(this.#failure(`never came to ${what}`))), WAIT_LIMIT_MS);
      this.#listeners.add(check);
      check();
    });
  }

  /** Ends it at once and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#exitCode === undefined) this.#child.kill("SIGKILL");
    await this.ended;
  }

  async #end(): Promise<number> {
    // What it printed last may come after its exit. It has no process id when it could not be started.
    const closed = once(this.#child, this.#child.pid === undefined ? "error" : "close");
    this.#child.once("exit", () => (this.#cpuAtEnd = endedChildrenCpuSeconds() - this.#endedBefore));
    const [code] = (await closed) as [unknown];
    this.#exitCode = typeof code === "number" ? code : this.#child.pid === undefined ? -1 : 128;
    MeasuredProcess.#running.delete(this);
    this.#tell();
    return this.#exitCode;
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_CHARACTERS);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #failure(what: string): Error {
    this.#child.kill("SIGKILL");
    return new Error(`${this.#name} ${what}: ${this.#said.trim() || "it said nothing"}`);
  }
}
