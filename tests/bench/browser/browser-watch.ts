import { treeCpuSeconds, treePrivateBytes } from "../process/process-tree.js";
import type { MeasuredBrowser } from "./measured-browser.js";

/** Adding up the pages of ten processes takes the kernel some milliseconds. */
const MEMORY_EVERY_MS = 250;

/** What has just been opened does something for a while, and lets go of some of what it needed for it. */
const SETTLING_MS = 1_000;

/** What browsers cost. */
export interface BrowserCost {
  readonly cpuSeconds: number;
  /** Private memory at its peak, less that of the idle browsers. */
  readonly aboveIdleBytes: number;
}

/** Watches browsers from outside, all their processes together. */
export class BrowserWatch {
  readonly #roots: readonly number[];
  readonly #idleBytes: number;
  #peakBytes = 0;
  #cpuBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(roots: readonly number[]) {
    this.#roots = roots;
    this.#idleBytes = this.#bytesNow();
  }

  /** Takes what they have now, a moment after their tabs were opened, as idle. */
  static async ofIdle(browsers: readonly MeasuredBrowser[]): Promise<BrowserWatch> {
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
    return new BrowserWatch(browsers.map(({ process }) => process.pid));
  }

  /** What counts begins. */
  begin(): void {
    this.#cpuBefore = this.#cpuNow();
    this.#look();
    this.#timer = setInterval(() => this.#look(), MEMORY_EVERY_MS);
  }

  /** What it has cost since `begin`. */
  end(): BrowserCost {
    clearInterval(this.#timer);
    this.#look();
    return {
      cpuSeconds: this.#cpuNow() - this.#cpuBefore,
      aboveIdleBytes: Math.max(0, this.#peakBytes - this.#idleBytes),
    };
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytesNow());
  }

  #bytesNow(): number {
    return this.#roots.reduce((sum, pid) => sum + treePrivateBytes(pid), 0);
  }

  #cpuNow(): number {
    return this.#roots.reduce((sum, pid) => sum + treeCpuSeconds(pid), 0);
  }
}
