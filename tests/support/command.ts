import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../node-peer/bin/shoal.js", import.meta.url));

/** No command of the tests takes a tenth of it. */
const STUCK_MS = 60_000;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const unfinished = new Set<RunningCommand>();

/** Kills every command that a failed test has left behind. */
export async function killCommands(): Promise<void> {
  for (const command of unfinished) command.signal("SIGKILL");
  await Promise.all([...unfinished].map((command) => command.finished));
}

/** One run of the built `shoal` command in a process of its own. */
export class RunningCommand {
  stdout = "";
  stderr = "";
  readonly finished: Promise<CommandResult>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const env = { PATH: process.env.PATH ?? "", HOME: options.cwd ?? "/nonexistent", ...options.env };
    this.#child = spawn(process.execPath, [BIN, ...args], { cwd: options.cwd, env, stdio: "pipe" });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#see(() => (this.stdout += text)));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#see(() => (this.stderr += text)));
    this.#child.stdin?.end(options.input ?? "");
    unfinished.add(this);
    this.finished = once(this.#child, "close").then(([code]) => {
      unfinished.delete(this);
      this.#see(() => undefined);
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves when `condition` holds of what was printed; rejects when the command ends first. */
  async until(condition: (command: RunningCommand) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!condition(this)) return false;
        this.#watchers.delete(check);
        resolve();
        return true;
      };
      this.#watchers.add(check);
      if (check()) return;
      void this.finished.then(({ code }) => {
        if (this.#watchers.delete(check))
          reject(new Error(`Ended with ${String(code)}:\n${this.stdout}\n${this.stderr}`));
      });
    });
  }

  /** Objects printed with --json so far. */
  get events(): readonly Record<string, unknown>[] {
    const lines = this.stdout.slice(0, this.stdout.lastIndexOf("\n") + 1).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves to the first event of that name. */
  async event(name: string): Promise<Record<string, unknown>> {
    const find = () => this.events.find(({ event }) => event === name);
    await this.until(() => find() !== undefined);
    return find() ?? {};
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Interrupts it and waits for its end. */
  async stop(): Promise<CommandResult> {
    this.signal("SIGINT");
    return await this.finished;
  }

  #see(change: () => void): void {
    change();
    for (const check of [...this.#watchers]) check();
  }
}

/** Runs the command to its end, which has to come within a minute. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const command = new RunningCommand(args, options);
  const stuck = setTimeout(() => command.signal("SIGKILL"), STUCK_MS);
  try {
    return await command.finished;
  } finally {
    clearTimeout(stuck);
  }
}
