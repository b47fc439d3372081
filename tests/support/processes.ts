import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { JsonEvent } from "../../node-peer/src/terminal/json-events.js";

const COMMAND = fileURLToPath(new URL("../../node-peer/bin/shoal.js", import.meta.url));

/** A wait that lasts longer is a failure: nothing here should take a quarter of it. */
const WAIT_LIMIT_MS = 60_000;

/** Enough of what a process said to explain a failed wait. */
const SAID_CHARACTERS = 4_000;

export type EventOf<Name extends JsonEvent["event"]> = Extract<JsonEvent, { event: Name }>;

/** How a process ended: its code, or the signal that killed it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RunOptions {
  /** Variables on top of the bed's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program that runs the command, with the arguments that come before it: `["unshare", "-rm"]`. */
  readonly under?: readonly string[];
}

/** A temporary folder and the processes started in it, with data, configuration and caches of their own. */
export class ProcessBed {
  readonly folder: string;
  readonly #processes: ShoalProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<ProcessBed> {
    if (!existsSync(fileURLToPath(new URL("../../node-peer/dist/main.js", import.meta.url)))) {
      throw new Error("The command is not built: npm run build");
    }
    return new ProcessBed(await mkdtemp(join(tmpdir(), "shoal-processes-")));
  }

  /** A path below the bed's folder. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts `shoal ARGS --json`. */
  run(args: readonly string[], options: RunOptions = {}): ShoalProcess {
    const [program, ...before] = options.under ?? [];
    const node = [...before, ...(program === undefined ? [] : [process.execPath])];
    const child = spawn(program ?? process.execPath, [...node, COMMAND, ...args, "--json"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...this.#environment(), ...options.env },
    });
    const started = new ShoalProcess(child, args);
    this.#processes.push(started);
    return started;
  }

  /** Kills what still runs and removes the folder. */
  async close(): Promise<void> {
    for (const each of this.#processes) each.kill("SIGKILL");
    await Promise.all(this.#processes.map((each) => each.ended));
    await rm(this.folder, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(SHOAL_|PORT$|NODE_OPTIONS$|VITEST)/.test(name),
    );
    const folders = { HOME: "home", XDG_DATA_HOME: "data", XDG_CONFIG_HOME: "config", XDG_STATE_HOME: "state" };
    const own = Object.entries({ ...folders, XDG_CACHE_HOME: "cache" }).map(([name, to]) => [name, this.path(to)]);
    return Object.fromEntries([...inherited, ...own]) as NodeJS.ProcessEnv;
  }
}

/** One run of the command, with every event that it has printed. */
export class ShoalProcess {
  readonly events: JsonEvent[] = [];
  /** Resolves when it has ended and all that it said has been read. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  #ending: Ending | undefined;
  #said = "";

  constructor(child: ChildProcess, args: readonly string[]) {
    this.#child = child;
    this.#name = `shoal ${args.join(" ")}`;
    child.stderr?.on("data", (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARACTERS)));
    const lines = this.#readLines();
    this.ended = once(child, "close").then(async ([code, signal]) => {
      await lines;
      this.#ending = { code: code as number | null, signal: signal as string | null };
      this.#tell();
      return this.#ending;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has written to stderr, the last of it. */
  get said(): string {
    return this.#said;
  }

  get isRunning(): boolean {
    return this.#ending === undefined;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#ending === undefined) this.#child.kill(signal);
  }

  /** All events of one kind so far. */
  all<Name extends JsonEvent["event"]>(name: Name): EventOf<Name>[] {
    return this.events.filter((event): event is EventOf<Name> => event.event === name);
  }

  /** The first event of a kind that matches, past or to come. Rejects when the process ends without it. */
  async event<Name extends JsonEvent["event"]>(
    name: Name,
    matches: (event: EventOf<Name>) => boolean = () => true,
  ): Promise<EventOf<Name>> {
    let seen = 0;
    return await this.#until(`an event "${name}"`, () => {
      const found = this.events.slice(seen).find((event): event is EventOf<Name> => {
        return event.event === name && matches(event as EventOf<Name>);
      });
      seen = this.events.length;
      return found;
    });
  }

  /** Resolves with the event that says that at least `bytes` are verified. */
  async verified(bytes: number): Promise<EventOf<"progress">> {
    return await this.event("progress", ({ done }) => done >= bytes);
  }

  /** Resolves when it has ended; rejects when it does not within a minute. */
  async end(): Promise<Ending> {
    return await this.#until("its end", () => this.#ending);
  }

  /** The most memory that it ever had resident, in bytes (Linux). */
  peakMemory(): number {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1];
    if (kilobytes === undefined) throw new Error(`No memory of process ${this.pid} known`);
    return Number(kilobytes) * 1024;
  }

  async #readLines(): Promise<void> {
    if (!this.#child.stdout) return;
    for await (const line of createInterface(this.#child.stdout)) {
      try {
        this.events.push(JSON.parse(line) as JsonEvent);
      } catch {
        this.#said += `\nnot JSON: ${line}`;
      }
      this.#tell();
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        then();
      };
      const check = () => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#ending)
          settle(() => reject(this.#failure(`ended (${JSON.stringify(this.#ending)}) without ${what}`)));
      };
      const timer = setTimeout(() => settle(() => reject(this.#failure(`did not come to ${what}`))), WAIT_LIMIT_MS);
      this.#listeners.add(check);
      check();
    });
  }

  #failure(what: string): Error {
    const last = this.events.slice(-5).map((event) => JSON.stringify(event));
    return new Error(`${this.#name} ${what}\nlast events:\n${last.join("\n")}\nstderr:\n${this.#said}`);
  }
}
