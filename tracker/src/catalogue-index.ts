import type { InfoHash } from "@shoal/peer-core/announce";
import type { CatalogueEntry, CataloguePage, CatalogueQuery } from "./catalogue.js";
import { MAX_ENTRIES_VISITED, SEED_SEEN_GRAIN_MS } from "./limits.js";

interface Row {
  /** Counts up with every entry; a cursor is the number of the last row that was looked at. */
  readonly number: number;
  readonly name: string;
  entry: CatalogueEntry;
  isGone: boolean;
}

/** Removed rows are swept out once they are this many and half of all. */
const SWEEP_FROM = 1_000;

/**
 * The entries in memory, newest first: what both catalogues search. Invariant: `#rows` is ordered by number, and holds
 * every row of `#byHash` besides some that are gone.
 */
export class CatalogueIndex {
  readonly #byHash = new Map<InfoHash, Row>();
  #rows: Row[] = [];
  #lastNumber = 0;

  get count(): number {
    return this.#byHash.size;
  }

  get(infoHash: InfoHash): CatalogueEntry | undefined {
    return this.#byHash.get(infoHash)?.entry;
  }

  /**
   * Adds as the newest an entry that is not there yet, and returns its number. `number` is for entries that had one
   * before a restart: it must be above all others.
   */
  add(entry: CatalogueEntry, number: number = this.#lastNumber + 1): number {
    const row = { number, name: entry.name.toLowerCase(), entry, isGone: false };
    this.#lastNumber = number;
    this.#byHash.set(entry.infoHash, row);
    this.#rows.push(row);
    return number;
  }

  /** Notes that a seed was there; returns what changed, undefined when the note before is recent enough. */
  seedSeen(infoHash: InfoHash, now: number): { readonly entry: CatalogueEntry; readonly number: number } | undefined {
    const row = this.#byHash.get(infoHash);
    if (row === undefined || now - row.entry.lastSeedAt < SEED_SEEN_GRAIN_MS) return undefined;
    row.entry = { ...row.entry, lastSeedAt: now };
    return row;
  }

  delete(infoHash: InfoHash): boolean {
    const row = this.#byHash.get(infoHash);
    if (row === undefined) return false;
    row.isGone = true;
    this.#byHash.delete(infoHash);
    if (this.#rows.length > SWEEP_FROM && this.#rows.length > 2 * this.#byHash.size) {
      this.#rows = this.#rows.filter(({ isGone }) => !isGone);
    }
    return true;
  }

  infoHashes(): Iterable<InfoHash> {
    return this.#byHash.keys();
  }

  /** Info-hashes of entries whose last seed was seen before `before`. */
  seenBefore(before: number): readonly InfoHash[] {
    const old: InfoHash[] = [];
    for (const { entry } of this.#byHash.values()) if (entry.lastSeedAt < before) old.push(entry.infoHash);
    return old;
  }

  search(query: CatalogueQuery): CataloguePage {
    const entries: CatalogueEntry[] = [];
    let at = this.#startAfter(query.cursor);
    const stopAt = Math.max(-1, at - MAX_ENTRIES_VISITED);
    for (; at > stopAt && entries.length < query.limit; at--) {
      const row = this.#rows[at];
      if (row !== undefined && !row.isGone && matches(row, query)) entries.push(row.entry);
    }
    const last = this.#rows[at + 1];
    return { entries, cursor: at >= 0 && last !== undefined ? last.number.toString(36) : undefined };
  }

  /** Index of the newest row that is older than the cursor. */
  #startAfter(cursor: string | undefined): number {
    if (cursor === undefined) return this.#rows.length - 1;
    const number = Number.parseInt(cursor, 36);
    if (Number.isNaN(number)) return this.#rows.length - 1;
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle]?.number ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function matches({ entry, name }: Row, query: CatalogueQuery): boolean {
  if (!entry.isSearchable || (query.name !== undefined && entry.name !== query.name)) return false;
  return query.words.every((word) => name.includes(word) || entry.fileNames.includes(word));
}
