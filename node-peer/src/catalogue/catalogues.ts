import { isShoalError, ShoalError, type Hasher, type InfoHash } from "@shoal/peer-core";
import type { TorrentFile } from "@shoal/peer-core/torrent";
import { Catalogue, type CatalogueEntry, type PieceHolder } from "./catalogue.js";
import { hubOfTracker } from "./tracker-urls.js";

/** Longer than a catalogue in reach takes; without its help the metainfo comes from peers. */
const METAINFO_MS = 5_000;

/** An entry and the catalogue that lists it. */
export interface Listed {
  readonly entry: CatalogueEntry;
  readonly catalogue: Catalogue;
}

interface Asked<T> {
  readonly answers: readonly { readonly value: T; readonly catalogue: Catalogue }[];
  readonly failures: readonly ShoalError[];
}

/** The catalogues beside several trackers, asked all at once. What one of them cannot do the others make up for. */
export class Catalogues {
  readonly all: readonly Catalogue[];
  readonly #onFailure: (error: ShoalError) => void;

  /** `onFailure` is told of catalogues that failed while others answered. */
  constructor(trackers: readonly string[], onFailure: (error: ShoalError) => void) {
    const hubs = new Map(
      trackers.filter((url) => hubOfTracker(url) !== undefined).map((url) => [hubOfTracker(url), url]),
    );
    this.all = [...hubs.values()].map((tracker) => new Catalogue(tracker));
    this.#onFailure = onFailure;
  }

  /** Shares of exactly this name, one per info-hash. Throws ShoalError("tracker") when no catalogue answers. */
  async named(name: string, signal: AbortSignal): Promise<readonly Listed[]> {
    const asked = await this.#ask((catalogue) => catalogue.named(name, signal));
    return distinct(asked.answers.flatMap(({ value, catalogue }) => value.map((entry) => ({ entry, catalogue }))));
  }

  /** Up to `limit` shares whose names hold all words, one per info-hash, newest first. Throws ShoalError("tracker") when no catalogue answers. */
  async search(words: string, limit: number, signal: AbortSignal): Promise<readonly Listed[]> {
    const asked = await this.#ask((catalogue) => searchAll(catalogue, words, limit, signal));
    const found = distinct(
      asked.answers.flatMap(({ value, catalogue }) => value.map((entry) => ({ entry, catalogue }))),
    );
    return [...found].sort((a, b) => b.entry.addedAt - a.entry.addedAt).slice(0, limit);
  }

  /** The first entry found for an info-hash. Throws ShoalError("tracker") when no catalogue answers. */
  async entry(infoHash: InfoHash, signal: AbortSignal): Promise<Listed | undefined> {
    const asked = await this.#ask((catalogue) => catalogue.entry(infoHash, signal));
    const [first] = asked.answers.flatMap(({ value, catalogue }) => (value ? [{ entry: value, catalogue }] : []));
    return first;
  }

  /** The metainfo from whichever catalogue has it first; undefined when none has, for whatever reason. */
  async torrent(infoHash: InfoHash, hasher: Hasher, signal: AbortSignal): Promise<TorrentFile | undefined> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(METAINFO_MS)]);
    const one = async (catalogue: Catalogue) => {
      const torrent = await catalogue.torrent(infoHash, hasher, patience);
      if (torrent) return torrent;
      throw new ShoalError("not-found", `${catalogue.hub} does not have it`);
    };
    try {
      return await Promise.any(this.all.map(one));
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** How many peers hold each piece, from the first catalogue that knows. */
  async copies(infoHash: InfoHash, signal: AbortSignal): Promise<readonly number[] | undefined> {
    const asked = await this.#ask((catalogue) => catalogue.copies(infoHash, signal));
    return asked.answers.find(({ value }) => value !== undefined)?.value;
  }

  /** The peers that hold one piece, from the first catalogue that knows. */
  async holders(infoHash: InfoHash, piece: number, signal: AbortSignal): Promise<readonly PieceHolder[] | undefined> {
    const asked = await this.#ask((catalogue) => catalogue.holders(infoHash, piece, signal));
    return asked.answers.find(({ value }) => value !== undefined)?.value;
  }

  async #ask<T>(question: (catalogue: Catalogue) => Promise<T>): Promise<Asked<T>> {
    const failures: ShoalError[] = [];
    const ask = async (catalogue: Catalogue) => ({ value: await question(catalogue), catalogue });
    const settled = await Promise.allSettled(this.all.map(ask));
    const answers = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    for (const each of settled) {
      if (each.status === "fulfilled") continue;
      if (!isShoalError(each.reason) || each.reason.code === "aborted") throw each.reason;
      failures.push(each.reason);
    }
    if (answers.length === 0) throw unreachable(failures);
    failures.forEach(this.#onFailure);
    return { answers, failures };
  }
}

function unreachable(failures: readonly ShoalError[]): ShoalError {
  const why = failures.map((failure) => failure.message).join("; ") || "no tracker with a catalogue is known";
  return new ShoalError(
    "tracker",
    `${why}\nIs the hub running? Start one with "shoal serve", or name one with --tracker URL.`,
    { cause: failures[0] },
  );
}

async function searchAll(
  catalogue: Catalogue,
  words: string,
  limit: number,
  signal: AbortSignal,
): Promise<CatalogueEntry[]> {
  const entries: CatalogueEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await catalogue.search(words, cursor, signal);
    entries.push(...page.entries);
    cursor = page.entries.length > 0 ? page.cursor : undefined;
  } while (cursor !== undefined && entries.length < limit);
  return entries.slice(0, limit);
}

function distinct(listed: readonly Listed[]): readonly Listed[] {
  const byHash = new Map<InfoHash, Listed>();
  for (const each of listed) if (!byHash.has(each.entry.infoHash)) byHash.set(each.entry.infoHash, each);
  return [...byHash.values()];
}
