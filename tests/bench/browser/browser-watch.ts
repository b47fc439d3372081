import { treeCpuSeconds, treePrivateBytes } from "../process/process-tree.js";
import { MIB } from "../sizes.js";
import type { MeasuredBrowser } from "./measured-browser.js";

/** Adding up the pages of ten processes takes the kernel some milliseconds. */
const MEMORY_EVERY_MS = 250;

/** What has just been opened goes on loading for a while: it is idle once it has grown no more for so long. */
const STEADY_MS = 2_000;
const STEADY_BYTES = 2 * MIB;
/** Some page may never come to rest. */
const SETTLING_LIMIT_MS = 15_000;

/** What browsers cost. */
export interface BrowserCost {
  readonly cpuSeconds: number;
  /** Private memory at its peak, less that of the idle browsers. */
  readonly aboveIdleBytes: number;
}

/** Watches browsers from outside, all their processes together. */
export class BrowserWatch {
  readonly #roots: readonly number[];
  #idleBytes: number;
  #peakBytes = 0;
  #cpuBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(roots: readonly number[]) {
    this.#roots = roots;
    this.#idleBytes = this.#bytesNow();
  }

  /** Takes what they have once they have come to rest after their tabs were opened as idle. */
  static async ofIdle(browsers: readonly MeasuredBrowser[]): Promise<BrowserWatch> {
    const watch = new BrowserWatch(browsers.map(({ process }) => process.pid));
    for (const from = performance.now(); performance.now() - from < SETTLING_LIMIT_MS;) {
      const before = watch.#idleBytes;
      await new Promise((resolve) => setTimeout(resolve, STEADY_MS));
      watch.#idleBytes = watch.#bytesNow();
      if (Math.abs(watch.#idleBytes - before) < STEADY_BYTES) break;
    }
    return watch;
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
