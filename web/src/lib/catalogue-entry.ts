import { parseInfoHash } from "@shoal/peer-core/torrent";
import type { InfoHash } from "@shoal/peer-core/torrent";
import type { HubDescription } from "./hub-address.js";
import { AnswerError, JsonFields, asText } from "./json-fields.js";

/** A share as a list tells it; sizes in bytes, times in unix seconds. */
export interface CatalogueEntry {
  readonly infoHash: InfoHash;
  /** A stranger's text: show it through displayName. */
  readonly name: string;
  readonly size: number;
  readonly fileCount: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly isPrivate: boolean;
  readonly isSearchable: boolean;
  readonly addedAt: number;
  readonly lastSeedAt: number;
  readonly seeds: number;
  readonly leeches: number;
}

export interface SharedFile {
  /** Components below the share, a stranger's text. */
  readonly path: readonly string[];
  readonly length: number;
}

export interface ShareDetails extends CatalogueEntry {
  readonly files: readonly SharedFile[];
  /** False when there are more than the hub tells. */
  readonly filesComplete: boolean;
}

export interface CataloguePage {
  readonly entries: readonly CatalogueEntry[];
  /** Leads to the next page; undefined on the last one. */
  readonly cursor: string | undefined;
}

/** Reads the answer to a search. Throws AnswerError. */
export function parseCataloguePage(json: unknown): CataloguePage {
  const fields = new JsonFields(json);
  return { entries: fields.list("torrents", parseEntry), cursor: fields.optionalText("cursor") };
}

/** Reads one share with its files. Throws AnswerError. */
export function parseShareDetails(json: unknown): ShareDetails {
  const fields = new JsonFields(json);
  return { ...parseEntry(json), files: fields.list("files", parseFile), filesComplete: fields.flag("filesComplete") };
}

/** Reads what the hub says of itself. Throws AnswerError. */
export function parseHubDescription(json: unknown): HubDescription {
  const fields = new JsonFields(json);
  return { urls: fields.list("urls", asText), publicUrl: fields.optionalText("publicUrl") };
}

function parseEntry(json: unknown): CatalogueEntry {
  const fields = new JsonFields(json);
  const infoHash = parseInfoHash(fields.text("infoHash"));
  if (infoHash === undefined) throw new AnswerError("an info-hash");
  return {
    infoHash,
    name: fields.text("name"),
    size: fields.count("size"),
    fileCount: fields.count("fileCount"),
    pieceLength: fields.count("pieceLength"),
    pieceCount: fields.count("pieceCount"),
    isPrivate: fields.flag("private"),
    isSearchable: fields.flag("searchable"),
    addedAt: fields.count("addedAt"),
    lastSeedAt: fields.count("lastSeedAt"),
    seeds: fields.count("seeds"),
    leeches: fields.count("leeches"),
  };
}

function parseFile(json: unknown): SharedFile {
  const fields = new JsonFields(json);
  return { path: fields.list("path", asText), length: fields.count("length") };
}
