import { isShoalError, type Hasher, type InfoHash, type Metainfo } from "@shoal/peer-core";
import { parseInfo } from "@shoal/peer-core/torrent";
import type { MountedTracker } from "@shoal/tracker";
import { Catalogues } from "../catalogue/catalogues.js";

/** A peer waits for the answer; a hub that needs longer is as good as away. */
const ASK_MS = 5_000;

/** The part of a cache that says what was carried before. */
interface KeptMetainfos {
  metainfo(infoHash: InfoHash): Promise<Metainfo | undefined>;
}

export interface PublishedSharesOptions {
  /** The hub's own. */
  readonly tracker: Pick<MountedTracker, "isPublished" | "publishedInfo">;
  /** Announce URLs of other hubs: what is published there counts as well. */
  readonly others: readonly string[];
  readonly cache: KeptMetainfos;
  readonly hasher: Hasher;
  /** How long another hub is waited for; 5 seconds when left out. */
  readonly askMs?: number | undefined;
}

/** What is published at the trackers of a hub's relay: in the hub's own catalogue, or in that of another hub. */
export class PublishedShares {
  readonly #options: PublishedSharesOptions;
  readonly #others: Catalogues;
  readonly #askMs: number;

  constructor(options: PublishedSharesOptions) {
    this.#options = options;
    this.#askMs = options.askMs ?? ASK_MS;
    this.#others = new Catalogues(options.others, () => undefined);
  }

  /** While other hubs cannot be asked, what was carried before counts as published. Never rejects. */
  async has(infoHash: InfoHash): Promise<boolean> {
    const { tracker, cache } = this.#options;
    if (await tracker.isPublished(infoHash).catch(() => false)) return true;
    if (this.#others.all.length === 0) return false;
    try {
      return (await this.#others.entry(infoHash, AbortSignal.timeout(this.#askMs))) !== undefined;
    } catch (error) {
      if (!isShoalError(error)) throw error;
      return (await cache.metainfo(infoHash)) !== undefined;
    }
  }

  /** From wherever it is known without peers; undefined: it comes from them. Never rejects. */
  async metainfo(infoHash: InfoHash): Promise<Metainfo | undefined> {
    const { cache, hasher } = this.#options;
    const known = (await this.#ownMetainfo(infoHash)) ?? (await cache.metainfo(infoHash));
    if (known !== undefined) return known;
    const torrent = await this.#others
      .torrent(infoHash, hasher, AbortSignal.timeout(this.#askMs))
      // Peers may know, as for what is not published.
      .catch(() => undefined);
    return torrent?.metainfo;
  }

  async #ownMetainfo(infoHash: InfoHash): Promise<Metainfo | undefined> {
    const { tracker, hasher } = this.#options;
    try {
      const infoBytes = await tracker.publishedInfo(infoHash);
      return infoBytes === undefined ? undefined : await parseInfo(infoBytes, hasher);
    } catch {
      // The catalogue cannot be read: others may know.
      return undefined;
    }
  }
}
