import { isShoalError, ShoalError, type Hasher, type InfoHash } from "@shoal/peer-core";
import {
  displayName,
  MAX_METAINFO_BYTES,
  parseShareLink,
  parseTorrentFile,
  type Metainfo,
  type ShareLink,
} from "@shoal/peer-core/torrent";
import { readFile, stat } from "node:fs/promises";
import { Catalogues, type Listed } from "../catalogue/catalogues.js";
import { reasonOf } from "../storage/disk-error.js";
import type { KnownTrackers } from "../settings/known-trackers.js";
import { withoutHttpTwins } from "../catalogue/http-twins.js";
import { trackerOfHub } from "../catalogue/tracker-urls.js";
import { formatDate, formatSize } from "../units.js";

/** A share to get: what is known of it before anybody was asked for its content. */
export interface Target {
  readonly infoHash: InfoHash;
  readonly name: string | undefined;
  readonly metainfo: Metainfo | undefined;
  readonly trackers: readonly string[];
  readonly endpoints: readonly string[];
  /** Web servers that have the files (BEP 19). */
  readonly webSeeds: readonly string[];
  /** File indexes that the link chose (BEP 53). */
  readonly select: readonly number[] | undefined;
}

export interface TargetSources {
  readonly trackers: KnownTrackers;
  readonly hasher: Hasher;
  readonly onFailure: (error: ShoalError) => void;
  readonly signal: AbortSignal;
}

/** Close matches shown for a name that is not there. */
const SUGGESTIONS = 5;

/**
 * Finds out what WHAT means: a link, magnet, info-hash, `.torrent` file, else a name in the catalogues. Throws
 * ShoalError "link" for a malformed link, "source", "metainfo" or "bencode" for a bad file, "not-found" for a name that
 * is not there or means several shares, "tracker" when nobody can be asked for a name.
 */
export async function resolveTarget(what: string, sources: TargetSources): Promise<Target> {
  if (isLink(what)) return await fromLink(parseShareLink(what), sources);
  if (/\.torrent$/i.test(what)) {
    const exists = await stat(what).then(
      () => true,
      () => false,
    );
    if (exists || /[/\\]/.test(what)) return await fromTorrentFile(what, sources);
  }
  return await fromName(what, sources);
}

/** Anything with a scheme, 40 hexadecimal digits, or the 32 characters of base32 (upper case) in old magnets. */
function isLink(what: string): boolean {
  const text = what.trim();
  return /^(magnet:|[a-z][a-z0-9+.-]*:\/\/|[0-9a-f]{40}$)/i.test(text) || /^[A-Z2-7]{32}$/.test(text);
}

async function fromLink(link: ShareLink, sources: TargetSources): Promise<Target> {
  const hinted = [...(link.hub === undefined ? [] : [trackerOfHub(link.hub)]), ...link.trackers];
  const trackers = mergeTrackers(hinted, sources.trackers);
  const catalogues = new Catalogues(trackers, sources.onFailure);
  const torrent = await catalogues.torrent(link.infoHash, sources.hasher, sources.signal);
  return {
    infoHash: link.infoHash,
    name: torrent?.metainfo.name ?? link.name,
    metainfo: torrent?.metainfo,
    trackers,
    endpoints: link.endpoints,
    webSeeds: link.webSeeds,
    select: link.select,
  };
}

async function fromTorrentFile(path: string, sources: TargetSources): Promise<Target> {
  const torrent = await readTorrentFile(path, sources.hasher);
  const { metainfo, webSeeds } = torrent;
  const { infoHash, name } = metainfo;
  // BEP 27: a private share is announced where its file says, and nowhere else.
  const known = metainfo.isPrivate ? { ...sources.trackers, isChosen: false } : sources.trackers;
  const trackers = mergeTrackers(torrent.trackers.flat(), known);
  return { infoHash, name, metainfo, trackers, endpoints: [], webSeeds, select: undefined };
}

/** Reads and checks a `.torrent` file. Throws ShoalError "source", or "metainfo" naming the file. */
export async function readTorrentFile(path: string, hasher: Hasher): ReturnType<typeof parseTorrentFile> {
  const bytes = await readBounded(path);
  try {
    return await parseTorrentFile(bytes, hasher);
  } catch (error) {
    if (!isShoalError(error)) throw error;
    throw new ShoalError(error.code, `${path} is not a valid .torrent file: ${error.message}`, { cause: error });
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_METAINFO_BYTES)
      throw new ShoalError("metainfo", `${path} has ${formatSize(size)}: too large for a .torrent file`);
    return await readFile(path);
  } catch (error) {
    if (isShoalError(error)) throw error;
    throw new ShoalError("source", `Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function fromName(name: string, sources: TargetSources): Promise<Target> {
  const catalogues = new Catalogues(sources.trackers.urls, sources.onFailure);
  const found = await catalogues.named(name, sources.signal);
  const [only, another] = found;
  if (only === undefined) throw await notFound(name, catalogues, sources.signal);
  if (another !== undefined) throw ambiguous(name, found);
  const { infoHash } = only.entry;
  const torrent = await catalogues.torrent(infoHash, sources.hasher, sources.signal);
  return {
    infoHash,
    name,
    metainfo: torrent?.metainfo,
    trackers: sources.trackers.urls,
    endpoints: [],
    webSeeds: [],
    select: undefined,
  };
}

function ambiguous(name: string, found: readonly Listed[]): ShoalError {
  const lines = found.map(
    ({ entry }) => `  ${entry.infoHash}  ${formatSize(entry.size)}  ${formatDate(entry.addedAt).slice(0, 10)}`,
  );
  return new ShoalError(
    "not-found",
    `${found.length} shares are called "${name}"; give the info-hash instead:\n${lines.join("\n")}`,
  );
}

async function notFound(name: string, catalogues: Catalogues, signal: AbortSignal): Promise<ShoalError> {
  const message = `No share is called "${name}"`;
  const similar = await suggestions(name, catalogues, signal);
  if (similar.length === 0)
    return new ShoalError("not-found", `${message} on ${catalogues.all.map(({ hub }) => hub).join(", ")}`);
  return new ShoalError(
    "not-found",
    `${message}. Similar: ${similar.map((each) => `"${displayName(each)}"`).join(", ")}`,
  );
}

/** Names that hold the longest word of what was asked for. */
async function suggestions(name: string, catalogues: Catalogues, signal: AbortSignal): Promise<readonly string[]> {
  const words = name.split(/[^\p{L}\p{N}]+/u).sort((a, b) => b.length - a.length);
  const word = words[0] ?? "";
  if (word.length < 3) return [];
  const found = await catalogues.search(word.slice(0, 64), SUGGESTIONS, signal).catch(() => []);
  return [...new Set(found.map(({ entry }) => entry.name))];
}

/** The link's own trackers first; the default one only when there is no other. */
function mergeTrackers(hinted: readonly string[], known: KnownTrackers): readonly string[] {
  const usable = withoutHttpTwins(hinted);
  return known.isChosen || usable.length === 0 ? withoutHttpTwins([...usable, ...known.urls]) : usable;
}
