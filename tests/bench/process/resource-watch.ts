import { isConnectedTo, privateMemory, type PrivateMemory } from "./proc-fs.js";

/** Adding up a GiB of mapped pages takes the kernel milliseconds, in which the process stands still: not too often. */
const MEMORY_EVERY_MS = 250;

/** Fine enough for start-up times of some 100 ms. */
const CONNECTION_EVERY_MS = 5;

/** Watches processes from outside: the most private memory that each group had, and when a connection first stood. */
export class ResourceWatch {
  readonly #groups: readonly (readonly number[])[];
  readonly #peaks: PrivateMemory[];
  readonly #timers: NodeJS.Timeout[] = [];
  #connectedMs: number | undefined;

  /** `groups` are process ids whose memory is added up; `ports` are those that the connection is to. */
  constructor(groups: readonly (readonly number[])[], ports: ReadonlySet<number>) {
    this.#groups = groups;
    this.#peaks = groups.map(() => ({ privateBytes: 0, anonymousBytes: 0 }));
    this.#timers.push(setInterval(() => this.#lookAtMemory(), MEMORY_EVERY_MS));
    const connection = setInterval(() => {
      if (!isConnectedTo(ports)) return;
      this.#connectedMs = performance.now();
      clearInterval(connection);
    }, CONNECTION_EVERY_MS);
    this.#timers.push(connection);
  }

  /** When the first connection was seen, of `performance.now()`; undefined: never. */
  get connectedMs(): number | undefined {
    return this.#connectedMs;
  }

  /** Looks a last time and ends; returns the peak of each group, in their order. */
  stop(): readonly PrivateMemory[] {
    this.#lookAtMemory();
    for (const timer of this.#timers) clearInterval(timer);
    return this.#peaks;
  }

  #lookAtMemory(): void {
    for (const [at, group] of this.#groups.entries()) {
      const now = group.map((pid) => privateMemory(pid)).filter((each) => each !== undefined);
      const sum = (key: keyof PrivateMemory) => now.reduce((total, each) => total + each[key], 0);
      const peak = this.#peaks[at];
      this.#peaks[at] = {
        privateBytes: Math.max(peak?.privateBytes ?? 0, sum("privateBytes")),
        anonymousBytes: Math.max(peak?.anonymousBytes ?? 0, sum("anonymousBytes")),
      };
    }
  }
}
