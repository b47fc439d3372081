import { messageOf, toWireId } from "@shoal/peer-core/announce";
import type { InfoHash } from "@shoal/peer-core/announce";
import type { Catalogue } from "./catalogue.js";
import { ENTRY_LIFETIME_MS } from "./limits.js";
import type { SwarmRegistry } from "./swarm-registry.js";

export interface UpkeepParts {
  readonly catalogue: Catalogue;
  readonly registry: SwarmRegistry;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** Entries looked at per call: 200,000 entries take about three minutes of calls every second. */
const STEP = 1_000;

/**
 * Nothing expires before the tracker has watched for so long with a clock that ran evenly: who seeds announces itself far more
 * often. After a month's rest, or with a clock set to next year, entries would be old though nobody had looked for their seeds.
 */
const WATCH_MS = 3_600_000;
/** Between two calls a second apart, more than this is no delay: the clock was set, or the machine slept. */
const JUMP_MS = 60_000;

/** Notes which shares have seeds, a few at a time, and after each round removes those that have had none for long. */
export class CatalogueUpkeep {
  readonly #parts: UpkeepParts;
  #round: Iterator<InfoHash> | undefined = undefined;
  #isExpiring = false;
  #watchingSince: number | undefined;
  #lastStep = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** To be called every second or so. */
  step(): void {
    const { catalogue, registry, now } = this.#parts;
    this.#seeClock(now());
    const round = (this.#round ??= catalogue.infoHashes()[Symbol.iterator]());
    for (let looked = 0; looked < STEP; looked++) {
      const next = round.next();
      if (next.done === true) {
        this.#round = undefined;
        this.#expire();
        return;
      }
      const seeds = registry.find(toWireId(next.value))?.seeds ?? 0;
      if (seeds > 0) this.#watch(catalogue.seedSeen(next.value, now()));
    }
  }

  #seeClock(now: number): void {
    if (this.#watchingSince === undefined || Math.abs(now - this.#lastStep) > JUMP_MS) this.#watchingSince = now;
    this.#lastStep = now;
  }

  #expire(): void {
    if (this.#isExpiring || this.#lastStep - (this.#watchingSince ?? this.#lastStep) < WATCH_MS) return;
    this.#isExpiring = true;
    const expired = this.#parts.catalogue.expire(this.#parts.now() - ENTRY_LIFETIME_MS).then((count) => {
      if (count > 0) this.#parts.log(`${count} shares without a seed for 30 days have left the catalogue`);
    });
    this.#watch(expired.finally(() => (this.#isExpiring = false)));
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => this.#parts.log(`Catalogue: ${messageOf(error)}`));
  }
}
