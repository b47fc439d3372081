import { treePrivateBytes } from "../bench/process/process-tree.js";

/** Adding up what a browser has mapped takes the kernel milliseconds, in which its processes stand still: not too often. */
const LOOK_EVERY_MS = 200;

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
    this.#peakBytes = Math.max(this.#peakBytes, treePrivateBytes(this.#pid));
  }
}
