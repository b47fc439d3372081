import { join } from "node:path";
import { messageOf, ShoalError } from "@shoal/peer-core/announce";
import type { InfoHash } from "@shoal/peer-core/announce";
import type { Database, RootDatabase } from "lmdb";
import { open } from "lmdb";
import { makeFolder } from "./make-folder.js";
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

interface StoredEntry extends CatalogueEntry {
  readonly number: number;
}

/** SHA-256, before the `info` bytes of a stored content. */
const DIGEST_BYTES = 32;

/**
 * The durable catalogue: entries and contents in LMDB, an index of the entries in memory. What a method has resolved for
 * is on the disk. One process at a time may use a folder.
 */
export class LmdbCatalogue implements Catalogue {
  readonly #index = new CatalogueIndex();
  readonly #root: RootDatabase;
  readonly #entries: Database<StoredEntry, string>;
  readonly #contents: Database<Buffer, string>;
  readonly #maxEntries: number;

  /** Opens, or makes, the catalogue in `folder`. Throws ShoalError("disk") when it cannot be read or written. */
  constructor(folder: string, maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
    try {
      makeFolder(folder);
      this.#root = open({ path: join(folder, "catalogue.lmdb"), maxDbs: 4 });
      this.#entries = this.#root.openDB("entries", { encoding: "json" });
      this.#contents = this.#root.openDB("contents", { encoding: "binary" });
      const stored = [...this.#entries.getRange().map(({ value }) => value)];
      stored.sort((a, b) => a.number - b.number);
      for (const { number, ...entry } of stored) this.#index.add(entry, number);
    } catch (cause) {
      throw new ShoalError("disk", `Cannot use ${folder} for the catalogue: ${messageOf(cause)}`, { cause });
    }
  }

  get count(): number {
    return this.#index.count;
  }

  async add(entry: CatalogueEntry, content: CatalogueContent): Promise<AddOutcome> {
    if (this.#index.get(entry.infoHash) !== undefined) {
      // Whoever added it may still be waiting for the disk.
      await this.#written();
      return "exists";
    }
    if (this.#index.count >= this.#maxEntries) return "full";
    const number = this.#index.add(entry);
    const bytes = Buffer.concat([Buffer.from(content.ownerDigest, "hex"), content.infoBytes]);
    try {
      // Both in one turn of the event loop, which LMDB commits as one transaction.
      const written = [
        this.#entries.put(entry.infoHash, { ...entry, number }),
        this.#contents.put(entry.infoHash, bytes),
      ];
      await Promise.all(written);
      await this.#written();
    } catch (cause) {
      this.#index.delete(entry.infoHash);
      throw storageError(cause);
    }
    return "added";
  }

  find(infoHash: InfoHash): Promise<CatalogueEntry | undefined> {
    return Promise.resolve(this.#index.get(infoHash));
  }

  content(infoHash: InfoHash): Promise<CatalogueContent | undefined> {
    const bytes = this.#contents.get(infoHash);
    if (bytes === undefined) return Promise.resolve(undefined);
    const ownerDigest = bytes.subarray(0, DIGEST_BYTES).toString("hex");
    return Promise.resolve({ ownerDigest, infoBytes: bytes.subarray(DIGEST_BYTES) });
  }

  async remove(infoHash: InfoHash): Promise<boolean> {
    if (!this.#index.delete(infoHash)) return false;
    try {
      await Promise.all([this.#entries.remove(infoHash), this.#contents.remove(infoHash)]);
      await this.#written();
    } catch (cause) {
      throw storageError(cause);
    }
    return true;
  }

  search(query: CatalogueQuery): Promise<CataloguePage> {
    return Promise.resolve(this.#index.search(query));
  }

  async seedSeen(infoHash: InfoHash, now: number): Promise<void> {
    const changed = this.#index.seedSeen(infoHash, now);
    if (changed === undefined) return;
    try {
      await this.#entries.put(infoHash, { ...changed.entry, number: changed.number });
    } catch (cause) {
      throw storageError(cause);
    }
  }

  async expire(before: number): Promise<number> {
    const old = this.#index.seenBefore(before);
    await Promise.all(old.map((infoHash) => this.remove(infoHash)));
    return old.length;
  }

  infoHashes(): Iterable<InfoHash> {
    return this.#index.infoHashes();
  }

  async close(): Promise<void> {
    await this.#written();
    await this.#root.close();
  }

  /** Resolves when everything written so far has reached the disk. */
  async #written(): Promise<void> {
    await this.#root.flushed;
  }
}

function storageError(cause: unknown): ShoalError {
  return new ShoalError("disk", `The catalogue cannot be written: ${messageOf(cause)}`, { cause });
}
