import type { InfoHash } from "@shoal/peer-core/announce";
import { CatalogueIndex } from "./catalogue-index.js";
import type {
  AddOutcome,
  Catalogue,
  CatalogueContent,
  CatalogueEntry,
  CataloguePage,
  CatalogueQuery,
} from "./catalogue.js";
import { MAX_ENTRIES } from "./limits.js";

/** A catalogue that is gone with the process: for trackers without a data folder, and tests. */
export class MemoryCatalogue implements Catalogue {
  readonly #index = new CatalogueIndex();
  readonly #contents = new Map<InfoHash, CatalogueContent>();
  readonly #maxEntries: number;

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get count(): number {
    return this.#index.count;
  }

  add(entry: CatalogueEntry, content: CatalogueContent): Promise<AddOutcome> {
    if (this.#index.get(entry.infoHash) !== undefined) return Promise.resolve("exists");
    if (this.#index.count >= this.#maxEntries) return Promise.resolve("full");
    this.#index.add(entry);
    this.#contents.set(entry.infoHash, content);
    return Promise.resolve("added");
  }

  find(infoHash: InfoHash): Promise<CatalogueEntry | undefined> {
    return Promise.resolve(this.#index.get(infoHash));
  }

  content(infoHash: InfoHash): Promise<CatalogueContent | undefined> {
    return Promise.resolve(this.#contents.get(infoHash));
  }

  remove(infoHash: InfoHash): Promise<boolean> {
    this.#contents.delete(infoHash);
    return Promise.resolve(this.#index.delete(infoHash));
  }

  search(query: CatalogueQuery): Promise<CataloguePage> {
    return Promise.resolve(this.#index.search(query));
  }

  seedSeen(infoHash: InfoHash, now: number): Promise<void> {
    this.#index.seedSeen(infoHash, now);
    return Promise.resolve();
  }

  async expire(before: number): Promise<number> {
    const old = this.#index.seenBefore(before);
    for (const infoHash of old) await this.remove(infoHash);
    return old.length;
  }

  infoHashes(): Iterable<InfoHash> {
    return this.#index.infoHashes();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
