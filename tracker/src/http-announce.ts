import { isWireId, MAX_SCRAPE_HASHES, parseAnnounceEvent } from "@shoal/peer-core/announce";
import type { WireId } from "@shoal/peer-core/announce";
import type { AnnounceRequest } from "./announce.js";
import { DEFAULT_PEERS_TOLD } from "./limits.js";

/** An announce over HTTP (BEP 3), with how the reply is to be written. */
export interface HttpAnnounce {
  readonly request: AnnounceRequest;
  /** BEP 23; the rule today, and what we do unless `compact=0` asks for a list. */
  readonly isCompact: boolean;
  /** Leave the peer ids out of a list. */
  readonly withoutIds: boolean;
}

/** Query parameters as bytes in Latin-1, because info-hashes are escaped bytes and not UTF-8; the last of a name counts. */
export function latin1Query(query: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const part of query.split("&", MAX_SCRAPE_HASHES + 32)) {
    const at = part.indexOf("=");
    if (at <= 0) continue;
    const name = unescapeBytes(part.slice(0, at));
    const values = found.get(name) ?? [];
    values.push(unescapeBytes(part.slice(at + 1)));
    found.set(name, values);
  }
  return found;
}

/** Reads an announce; a text says what is wrong with it, fit for a `failure reason`. */
export function parseHttpAnnounce(query: ReadonlyMap<string, readonly string[]>): HttpAnnounce | string {
  const one = (name: string): string | undefined => query.get(name)?.at(-1);
  const infoHash = one("info_hash");
  const peerId = one("peer_id");
  const port = countOf(one("port"));
  if (!isWireId(infoHash)) return "Expected info_hash of 20 escaped bytes";
  if (!isWireId(peerId)) return "Expected peer_id of 20 escaped bytes";
  if (port === undefined || port > 65_535) return "Expected port from 0 to 65535";
  return {
    request: {
      infoHash,
      peerId,
      left: countOf(one("left")),
      event: parseAnnounceEvent(one("event")),
      numWant: countOf(one("numwant")) ?? DEFAULT_PEERS_TOLD,
      offers: undefined,
      // BEP 3 has no word for "not dialable"; clients that cannot listen say 0 or 1.
      port: port <= 1 ? undefined : port,
      endpoint: undefined,
      isRelay: false,
      wantsNotice: false,
    },
    isCompact: one("compact") !== "0",
    withoutIds: one("no_peer_id") === "1",
  };
}

/** The info-hashes of a scrape (BEP 48), at most `MAX_SCRAPE_HASHES`. */
export function parseHttpScrape(query: ReadonlyMap<string, readonly string[]>): readonly WireId[] {
  return (query.get("info_hash") ?? []).filter(isWireId).slice(0, MAX_SCRAPE_HASHES);
}

function unescapeBytes(text: string): string {
  return text.replaceAll("+", " ").replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
