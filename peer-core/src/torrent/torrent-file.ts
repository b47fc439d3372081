import { concatBytes, utf8Decode, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import type { Hasher } from "../ports/runtime.js";
import { decodeBencode, dictFrom, dictOf, encodeBencode, listOf, rawValueOf } from "./bencode.js";
import type { BencodeDict, BencodeValue } from "./bencode.js";
import { acceptUrls, trackerUrl, webUrl } from "./link-url.js";
import { MAX_METAINFO_BYTES, parseInfo, tooLarge } from "./metainfo.js";
import type { Metainfo } from "./metainfo.js";

/** Announce URLs kept of one file: strangers' files list hundreds of dead ones. */
const MAX_TRACKERS = 64;

/** Web seeds kept of one file. */
const MAX_WEB_SEEDS = 32;

/** What a .torrent file says (BEP 3, 12, 19). */
export interface TorrentFile {
  readonly metainfo: Metainfo;
  /** Tiers of announce URLs (BEP 12): ws, wss, http, https and udp only. */
  readonly trackers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
}

/** Reads a .torrent file. Throws ShoalError("metainfo" or "bencode"); outer keys that do not parse are left out. */
export async function parseTorrentFile(bytes: Uint8Array, hasher: Hasher): Promise<TorrentFile> {
  if (bytes.length > MAX_METAINFO_BYTES) throw tooLarge(bytes.length);
  const outer = dictOf(decodeBencode(bytes));
  const infoBytes = rawValueOf(bytes, "info");
  if (outer === undefined || infoBytes === undefined) {
    throw new ShoalError("metainfo", "Not a torrent file: it has no info dictionary");
  }
  const trackers = readTrackers(outer);
  const webSeeds = acceptUrls(textsOf(outer.get("url-list")), webUrl, MAX_WEB_SEEDS);
  return { metainfo: await parseInfo(infoBytes, hasher), trackers, webSeeds };
}

/** The tiers of `announce-list`, and `announce` as one more before them unless it is among them. */
function readTrackers(outer: BencodeDict): readonly (readonly string[])[] {
  const tiers = [textsOf(outer.get("announce")), ...(listOf(outer, "announce-list") ?? []).map(textsOf)];
  const listed = new Set(acceptUrls(tiers.slice(1).flat(), trackerUrl, MAX_TRACKERS));
  const accepted: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (const [index, tier] of tiers.entries()) {
    const urls = acceptUrls(tier, trackerUrl, MAX_TRACKERS).filter(
      (url) => !seen.has(url) && !(index === 0 && listed.has(url)),
    );
    const fitting = urls.slice(0, MAX_TRACKERS - seen.size);
    for (const url of fitting) seen.add(url);
    if (fitting.length > 0) accepted.push(fitting);
  }
  return accepted;
}

/** One text or a list of them; what is neither is left out. */
function textsOf(value: BencodeValue | undefined): readonly string[] {
  const list: readonly BencodeValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.map((item) => (item instanceof Uint8Array ? utf8Decode(item) : undefined)).filter((t) => t !== undefined);
}

/** A .torrent file around the exact bytes of `info`; `creationDate` in unix seconds, `webSeeds` as in BEP 19. */
export function encodeTorrentFile(
  metainfo: Metainfo,
  trackers: readonly (readonly string[])[],
  extra: { createdBy?: string; creationDate?: number; webSeeds?: readonly string[] } = {},
): Uint8Array {
  const tiers = trackers.filter((tier) => tier.length > 0);
  const outer = dictFrom({
    announce: tiers[0]?.[0],
    "announce-list": tiers.flat().length > 1 ? tiers : undefined,
    "created by": extra.createdBy,
    "creation date": extra.creationDate,
  });
  const { webSeeds = [] } = extra;
  // One is written as a text: there are readers that know no list here.
  const behind = dictFrom({ "url-list": webSeeds.length > 1 ? webSeeds : webSeeds[0] });
  // The bytes of `info` go in as they are: between the keys that sort before it and the one that sorts behind.
  return concatBytes([
    encodeBencode(outer).slice(0, -1),
    utf8Encode("4:info"),
    metainfo.infoBytes,
    encodeBencode(behind).slice(1),
  ]);
}
