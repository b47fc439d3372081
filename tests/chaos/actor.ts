import type { Ending, ProcessBed, ShoalProcess } from "../support/processes.js";
import type { SmallDisk } from "../support/small-disk.js";
import type { FaultyLine } from "./faulty-line.js";
import type { Role } from "./fault-plan.js";
import type { Ledger } from "./ledger.js";
import { fileURLToPath } from "node:url";

/** Who ended by itself is started again after this long, as a service manager does. */
const AGAIN_MS = 400;
const SWIFT_CLOCK = fileURLToPath(new URL("../support/swift-clock.js", import.meta.url));
const CLOCK_JUMP = fileURLToPath(new URL("clock-jump.js", import.meta.url));
/** Does no harm to a process that does not heed it yet. */
const HURRY_SIGNAL = "SIGURG";
const ENVIRONMENT = {
  NODE_OPTIONS: `--import ${SWIFT_CLOCK} --import ${CLOCK_JUMP}`,
  SWIFT_CLOCK_SIGNAL: HURRY_SIGNAL,
};

/** One process of an actor. */
export interface Run {
  readonly process: ShoalProcess;
  readonly fromMs: number;
  /** Whether somebody of ours ended it. */
  wasEnded: boolean;
}

/** What an actor does. */
export interface Part {
  /** Arguments of the command; undefined: there is nothing left to do. */
  readonly args: () => readonly string[] | undefined;
  /** Whether it may end so by itself; told of every end. */
  readonly ended: (run: Run, ending: Ending) => boolean;
}

export interface ActorOptions {
  readonly bed: ProcessBed;
  readonly ledger: Ledger;
  readonly name: string;
  readonly role: Role;
  readonly lines: readonly FaultyLine[];
  readonly disk: SmallDisk | undefined;
}

/** A part in the play, played by one process after the other. */
export class Actor {
  readonly name: string;
  readonly role: Role;
  /** Every way between it and others. */
  readonly lines: readonly FaultyLine[];
  readonly disk: SmallDisk | undefined;
  readonly runs: Run[] = [];
  readonly #options: ActorOptions;
  readonly #part: Part;
  #turn: Promise<unknown> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #isWanted = false;

  constructor(options: ActorOptions, part: Part) {
    this.#options = options;
    this.#part = part;
    ({ name: this.name, role: this.role, lines: this.lines, disk: this.disk } = options);
  }

  /** The process that plays it now. */
  get run(): Run | undefined {
    return this.#isWanted ? this.runs.at(-1) : undefined;
  }

  /** The one that plays it now and has come so far that it heeds signals. */
  get ready(): Run | undefined {
    const { run } = this;
    return run !== undefined && run.process.events.length > 0 && run.process.isRunning ? run : undefined;
  }

  /** Faults to one process wait for each other; `work` must not be called from `work`. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }

  start(): void {
    this.#isWanted = true;
    clearTimeout(this.#again);
    const args = this.#part.args();
    if (args === undefined) return;
    const { bed, disk } = this.#options;
    const process = bed.run(args, { under: disk?.prefix ?? [], env: ENVIRONMENT });
    const run: Run = { process, fromMs: Date.now(), wasEnded: false };
    this.runs.push(run);
    void process.ended.then((ending) => this.#onEnded(run, ending));
  }

  /** Makes its time pass thirty times as fast, or stops that. */
  hurry(): void {
    this.run?.process.kill(HURRY_SIGNAL);
  }

  /** Ends what plays it; resolves when it has ended. False when nothing did. */
  async end(signal: "SIGKILL" | "SIGINT"): Promise<boolean> {
    const { run } = this;
    this.#isWanted = false;
    clearTimeout(this.#again);
    if (run?.process.isRunning !== true) return false;
    run.wasEnded = true;
    run.process.kill(signal);
    await run.process.end();
    return true;
  }

  #onEnded(run: Run, ending: Ending): void {
    const isAllowed = this.#part.ended(run, ending) || run.wasEnded;
    const how = ending.signal ?? `code ${String(ending.code)}`;
    if (!isAllowed) this.#options.ledger.complain(`${this.name} ended by itself with ${how}: ${run.process.said}`);
    if (run.wasEnded || !this.#isWanted) return;
    this.#options.ledger.say(`${this.name} ended with ${how}`);
    this.#again = setTimeout(() => this.start(), AGAIN_MS);
  }
}
