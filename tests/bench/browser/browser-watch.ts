import { treeAnonymousBytes, treeCpuSeconds, treePrivateBytes } from "../process/process-tree.js";
import { MIB } from "../sizes.js";
import type { MeasuredBrowser } from "./measured-browser.js";

const MEMORY_EVERY_MS = 250;

/**
 * Adding up the pages of ten processes takes the kernel a tenth of a second, in which they get no memory: it is done only
 * when what is quick to look at has grown by so much. (Done each time it took half a processor from what is measured.)
 */
const WORTH_A_LOOK_BYTES = 8 * MIB;

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
  /** Anonymous memory when all was last added up, and at its peak. */
  #lookedAtBytes = 0;
  #peakAnonymousBytes = 0;
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
    // What has come on top since all was last added up, and was not worth a look.
    const surplus = Math.max(0, this.#peakAnonymousBytes - this.#lookedAtBytes);
    return {
      cpuSeconds: this.#cpuNow() - this.#cpuBefore,
      aboveIdleBytes: Math.max(0, this.#peakBytes + surplus - this.#idleBytes),
    };
  }

  #look(): void {
    const anonymousBytes = this.#roots.reduce((sum, pid) => sum + treeAnonymousBytes(pid), 0);
    this.#peakAnonymousBytes = Math.max(this.#peakAnonymousBytes, anonymousBytes);
    if (anonymousBytes < this.#lookedAtBytes + WORTH_A_LOOK_BYTES) return;
    this.#lookedAtBytes = anonymousBytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytesNow());
  }

  #bytesNow(): number {
    return this.#roots.reduce((sum, pid) => sum + treePrivateBytes(pid), 0);
  }

  #cpuNow(): number {
    return this.#roots.reduce((sum, pid) => sum + treeCpuSeconds(pid), 0);
  }
}
