import type { InfoHash } from "@shoal/peer-core/announce";

/** What the catalogue says about one share. Times in unix milliseconds. */
export interface CatalogueEntry {
  readonly infoHash: InfoHash;
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  readonly fileCount: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly isPrivate: boolean;
  /** False for a share that is found by its info-hash only. */
  readonly isSearchable: boolean;
  readonly addedAt: number;
  /** When a seed was last seen; the adapter keeps it to the hour. */
  readonly lastSeedAt: number;
  /** Names of files below the share, lower case, cut to a limit: what a search looks through besides the name. */
  readonly fileNames: string;
}

/** What is kept with an entry and read rarely. */
export interface CatalogueContent {
  readonly infoBytes: Uint8Array;
  /** SHA-256 of the owner's token, hexadecimal: the token itself is never stored. */
  readonly ownerDigest: string;
}

export interface CatalogueQuery {
  /** Lower-case words, all of which must occur; empty finds everything. */
  readonly words: readonly string[];
  /** Exact name of the share. */
  readonly name: string | undefined;
  /** From the page before; undefined for the first one. */
  readonly cursor: string | undefined;
  readonly limit: number;
}

export interface CataloguePage {
  readonly entries: readonly CatalogueEntry[];
  /** Where the next page starts; undefined after the last one. A page may be short, even empty, and not be the last. */
  readonly cursor: string | undefined;
}

export type AddOutcome = "added" | "exists" | "full";

/**
 * The published shares, newest first. What a method has resolved for survives the death of the process where the
 * adapter is durable. Rejects with ShoalError("disk") when storage fails.
 */
export interface Catalogue {
  readonly count: number;
  /** Adds an entry unless its info-hash is there or there is no room. */
  add(entry: CatalogueEntry, content: CatalogueContent): Promise<AddOutcome>;
  find(infoHash: InfoHash): Promise<CatalogueEntry | undefined>;
  content(infoHash: InfoHash): Promise<CatalogueContent | undefined>;
  /** Removes an entry; false when there was none. */
  remove(infoHash: InfoHash): Promise<boolean>;
  search(query: CatalogueQuery): Promise<CataloguePage>;
  /** Notes that a seed was there at `now`. */
  seedSeen(infoHash: InfoHash, now: number): Promise<void>;
  /** Removes entries whose last seed was seen before `before`; resolves to their number. */
  expire(before: number): Promise<number>;
  infoHashes(): Iterable<InfoHash>;
  close(): Promise<void>;
}
