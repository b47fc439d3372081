import { readdirSync, readFileSync } from "node:fs";
import { privateMemory } from "../bench/process/proc-fs.js";

/** Adding up what a browser has mapped takes the kernel milliseconds, in which its processes stand still: not too often. */
const LOOK_EVERY_MS = 200;

/** A process and all that it has started, with what those have started, as far as they run (Linux). */
export function processTree(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const each of readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const parent = parentOf(each);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const tree = [pid];
  // Grows while it is walked.
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

/** The memory that the processes of a tree have for themselves alone, in bytes. */
export function privateBytesOfTree(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + (privateMemory(each)?.privateBytes ?? 0), 0);
}

/** Looks again and again how much private memory a tree of processes has. */
export class TreeMemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;
  #looks = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    this.#look();
  }

  /** How often it has looked so far. */
  get looks(): number {
    return this.#looks;
  }

  /** Ends; returns the most that was seen, in bytes. */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#peakBytes;
  }

  #look(): void {
    this.#looks++;
    this.#peakBytes = Math.max(this.#peakBytes, privateBytesOfTree(this.#pid));
  }
}

/** From /proc/PID/stat, after the name, which may hold anything; undefined once it is gone. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
