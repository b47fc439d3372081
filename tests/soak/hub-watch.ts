import { readdirSync, readlinkSync } from "node:fs";
import { privateMemory } from "../bench/process/proc-fs.js";
import { trendOf, type Sample, type Trend } from "./regression.js";

const EVERY_MS = 5_000;
const MIB = 1024 * 1024;

/** Looks at a process from outside, for as long as it runs: its memory in MiB and its open handles. */
export class HubWatch {
  readonly #pid: number;
  readonly #memory: Sample[] = [];
  readonly #handles: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Open files and sockets now (Linux). */
  get handles(): number {
    return this.#open().length;
  }

  /** Open sockets now (Linux). */
  get sockets(): number {
    return this.#open().filter((target) => target.startsWith("socket:")).length;
  }

  /** MiB that the process has for itself alone now, without what it could read again from files. */
  get memory(): number {
    return (privateMemory(this.#pid)?.anonymousBytes ?? NaN) / MIB;
  }

  /** The trends since then; undefined when there are too few samples. */
  trendsSince(fromMs: number): { readonly memory: Trend | undefined; readonly handles: Trend | undefined } {
    const since = (samples: readonly Sample[]) => samples.filter(({ atMs }) => atMs >= fromMs);
    return { memory: trendOf(since(this.#memory)), handles: trendOf(since(this.#handles)) };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #open(): string[] {
    const folder = `/proc/${this.#pid}/fd`;
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return ""; // It has just been closed.
      }
    });
  }

  #look(): void {
    const atMs = performance.now();
    this.#memory.push({ atMs, value: this.memory });
    this.#handles.push({ atMs, value: this.handles });
  }
}
