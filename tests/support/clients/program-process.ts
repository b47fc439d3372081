import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Ending } from "../processes.js";

/** Enough of what a program said to explain a failed wait. */
const SAID_CHARACTERS = 4_000;

/** How long a program may take to end when it is asked to, before it is killed. */
const PATIENCE_MS = 5_000;

export interface ProgramOptions {
  /** Its working folder and home. */
  readonly folder: string;
  /** Told of every line on standard output. */
  readonly onLine?: (line: string) => void;
}

/** One run of somebody else's program, without input. */
export class ProgramProcess {
  /** Resolves when it has ended and all that it said has been read. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #ending: Ending | undefined;
  #said = "";

  constructor([program = "", ...args]: readonly string[], { folder, onLine }: ProgramOptions) {
    const env = { ...process.env, HOME: folder };
    this.#child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#hear(chunk.toString()));
    if (this.#child.stdout) {
      createInterface(this.#child.stdout).on("line", (line) => {
        this.#hear(`${line}\n`);
        onLine?.(line);
      });
    }
    this.ended = once(this.#child, "close").then(([code, signal]) => {
      this.#ending = { code: code as number | null, signal: signal as string | null };
      return this.#ending;
    });
  }

  /** How it ended; undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The last of what it has said. */
  get said(): string {
    return this.#said;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    if (this.#ending === undefined) this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to end, so that it can tell its tracker, and kills it if it does not. */
  async stop(): Promise<void> {
    if (this.#ending === undefined) this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    await this.ended;
    clearTimeout(impatience);
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_CHARACTERS);
  }
}
