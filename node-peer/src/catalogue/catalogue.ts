import { ShoalError, type Hasher, type InfoHash } from "@shoal/peer-core";
import {
  MAX_METAINFO_BYTES,
  parseInfoHash,
  parseTorrentFile,
  type Metainfo,
  type TorrentFile,
} from "@shoal/peer-core/torrent";
import * as v from "valibot";
import { askCatalogue, parseAnswer, type CatalogueAnswer } from "./catalogue-http.js";
import { hubOfTracker } from "./tracker-urls.js";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const entrySchema = v.object({
  infoHash: v.pipe(
    v.string(),
    v.transform(parseInfoHash),
    v.custom<InfoHash>((value) => value !== undefined),
  ),
  name: v.string(),
  size: count,
  fileCount: count,
  pieceLength: count,
  pieceCount: count,
  addedAt: count,
  seeds: count,
  leeches: count,
});

const pageSchema = v.object({ torrents: v.array(entrySchema), cursor: v.nullish(v.string()) });
const publishedSchema = v.object({ infoHash: v.string(), ownerToken: v.nullish(v.string()) });
const piecesSchema = v.object({ holders: v.array(count) });
const holdersSchema = v.object({
  peers: v.array(v.object({ peerId: v.string(), seed: v.boolean(), relay: v.boolean(), dialable: v.boolean() })),
});

const hubSchema = v.object({ urls: v.array(v.string()), publicUrl: v.nullish(v.string()) });

/** One share as a catalogue lists it; `addedAt` in unix seconds. */
export type CatalogueEntry = v.InferOutput<typeof entrySchema>;

/** A peer that holds a piece, as a tracker tells it: without its address. */
export type PieceHolder = v.InferOutput<typeof holdersSchema>["peers"][number];

export interface CataloguePage {
  readonly entries: readonly CatalogueEntry[];
  /** For the next page; undefined on the last one. */
  readonly cursor: string | undefined;
}

/**
 * The catalogue beside one tracker (docs/tracker-api.md). Every method throws ShoalError("tracker") when the hub cannot
 * be reached, refuses or talks nonsense, ShoalError("aborted") when `signal` fires.
 */
export class Catalogue {
  /** Base URL of the hub, ending in "/". */
  readonly hub: string;

  /** Throws ShoalError("tracker") for trackers that can have no catalogue (udp). */
  constructor(tracker: string) {
    const hub = hubOfTracker(tracker);
    if (hub === undefined) throw new ShoalError("tracker", `${tracker} has no catalogue`);
    this.hub = hub;
  }

  /** True when something answers there as a catalogue does; never rejects. */
  async isThere(signal: AbortSignal): Promise<boolean> {
    const url = this.#url("api/torrents?limit=1");
    try {
      parseAnswer(pageSchema, await askCatalogue({ method: "GET", url, signal }), url);
      return true;
    } catch {
      return false;
    }
  }

  /** Where the hub's page is opened, the most useful URL for others first. */
  async pageUrls(signal: AbortSignal): Promise<readonly string[]> {
    const url = this.#url("api/hub");
    const answer = await askCatalogue({ method: "GET", url, signal });
    this.#require(answer, url);
    const { publicUrl, urls } = parseAnswer(hubSchema, answer, url);
    return publicUrl === null || publicUrl === undefined ? urls : [publicUrl, ...urls];
  }

  /** Lists a share; returns its owner token, undefined when it was listed already. */
  async publish(metainfo: Metainfo, searchable: boolean, signal: AbortSignal): Promise<string | undefined> {
    const url = this.#url(`api/torrents?searchable=${searchable ? 1 : 0}`);
    const headers = { "Content-Type": "application/x-bittorrent" };
    const answer = await askCatalogue({ method: "POST", url, body: metainfo.infoBytes, headers, signal });
    this.#require(answer, url);
    return parseAnswer(publishedSchema, answer, url).ownerToken ?? undefined;
  }

  /** Takes a share out again; false when it was not listed. */
  async remove(infoHash: InfoHash, token: string, signal: AbortSignal): Promise<boolean> {
    const url = this.#url(`api/torrents/${infoHash}`);
    const answer = await askCatalogue({ method: "DELETE", url, headers: { Authorization: `Bearer ${token}` }, signal });
    return answer.status !== 404;
  }

  /** Shares whose names hold all `words`, newest first. */
  async search(words: string, cursor: string | undefined, signal: AbortSignal): Promise<CataloguePage> {
    return await this.#page({ q: words, ...(cursor === undefined ? {} : { cursor }) }, signal);
  }

  /** Shares of exactly this name. */
  async named(name: string, signal: AbortSignal): Promise<readonly CatalogueEntry[]> {
    const { entries } = await this.#page({ name }, signal);
    return entries.filter((entry) => entry.name === name);
  }

  /** One share; undefined when the catalogue does not list it. */
  async entry(infoHash: InfoHash, signal: AbortSignal): Promise<CatalogueEntry | undefined> {
    const url = this.#url(`api/torrents/${infoHash}`);
    const answer = await askCatalogue({ method: "GET", url, signal });
    return answer.status === 404 ? undefined : parseAnswer(entrySchema, answer, url);
  }

  /** The metainfo of a share, proved to have that info-hash; undefined when the catalogue does not have it. */
  async torrent(infoHash: InfoHash, hasher: Hasher, signal: AbortSignal): Promise<TorrentFile | undefined> {
    const url = this.#url(`api/torrents/${infoHash}.torrent`);
    const answer = await askCatalogue({ method: "GET", url, maxBytes: MAX_METAINFO_BYTES, signal });
    if (answer.status === 404) return undefined;
    const torrent = await parseTorrentFile(answer.bytes, hasher);
    if (torrent.metainfo.infoHash === infoHash) return torrent;
    throw new ShoalError("tracker", `${this.hub} sent another metainfo than asked for: ${torrent.metainfo.infoHash}`);
  }

  /** How many peers hold each piece; undefined when the catalogue does not have the share. */
  async copies(infoHash: InfoHash, signal: AbortSignal): Promise<readonly number[] | undefined> {
    const url = this.#url(`api/torrents/${infoHash}/pieces`);
    const answer = await askCatalogue({ method: "GET", url, signal });
    return answer.status === 404 ? undefined : parseAnswer(piecesSchema, answer, url).holders;
  }

  /** The peers that hold one piece; undefined when the catalogue does not have the share. */
  async holders(infoHash: InfoHash, piece: number, signal: AbortSignal): Promise<readonly PieceHolder[] | undefined> {
    const url = this.#url(`api/torrents/${infoHash}/pieces/${piece}`);
    const answer = await askCatalogue({ method: "GET", url, signal });
    return answer.status === 404 ? undefined : parseAnswer(holdersSchema, answer, url).peers;
  }

  async #page(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CataloguePage> {
    const url = this.#url(`api/torrents?${new URLSearchParams(query).toString()}`);
    const answer = await askCatalogue({ method: "GET", url, signal });
    this.#require(answer, url);
    const page = parseAnswer(pageSchema, answer, url);
    return { entries: page.torrents, cursor: page.cursor ?? undefined };
  }

  #require(answer: CatalogueAnswer, url: string): void {
    if (answer.status === 404) throw new ShoalError("tracker", `There is no catalogue at ${new URL(url).origin}`);
  }

  #url(path: string): string {
    return new URL(path, this.hub).href;
  }
}
