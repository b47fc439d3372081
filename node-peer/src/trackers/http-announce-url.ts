import type { AnnounceRequest, InfoHash } from "@shoal/peer-core";

/** BEP 3 has no word for "not dialable"; 1 is what others say then, since many trackers refuse 0. */
export const NO_PORT = 1;
/** Told while the metainfo is unknown: anything but 0, which would make us a seed. */
export const UNKNOWN_LEFT = 16_384;

/** What one tracker is told with every announce besides the request itself. */
export interface HttpAnnounceExtras {
  /** Proves that we are the same peer when our address has changed. */
  readonly key: string;
  /** What the tracker gave us to say (BEP 3), as bytes. */
  readonly trackerId: Uint8Array | undefined;
}

/** The URL of an announce (BEP 3, 23); what stands in the tracker's own query comes first. */
export function httpAnnounceUrl(tracker: URL, request: AnnounceRequest, extras: HttpAnnounceExtras): URL {
  const { infoHash, peerId, uploaded, downloaded, left, event, numWant, port } = request;
  const fields = [
    `info_hash=${escapeHex(infoHash)}`,
    `peer_id=${escapeHex(peerId)}`,
    `port=${port ?? NO_PORT}`,
    `uploaded=${uploaded}`,
    `downloaded=${downloaded}`,
    `left=${left ?? UNKNOWN_LEFT}`,
    `key=${extras.key}`,
    "compact=1",
    `numwant=${numWant}`,
    "supportcrypto=0",
    ...(event === undefined ? [] : [`event=${event}`]),
    ...(extras.trackerId === undefined
      ? []
      : [`trackerid=${escapeHex(Buffer.from(extras.trackerId).toString("hex"))}`]),
  ];
  return withQuery(tracker, fields);
}

/** The URL of a scrape (BEP 48); undefined when the last component of the tracker's path does not begin with "announce". */
export function httpScrapeUrl(tracker: URL, infoHash: InfoHash): URL | undefined {
  const scrape = new URL(tracker);
  scrape.pathname = tracker.pathname.replace(/\/announce([^/]*)$/, "/scrape$1");
  return scrape.pathname === tracker.pathname ? undefined : withQuery(scrape, [`info_hash=${escapeHex(infoHash)}`]);
}

function withQuery(tracker: URL, fields: readonly string[]): URL {
  const url = new URL(tracker);
  url.search = [...(url.search.length > 1 ? [url.search.slice(1)] : []), ...fields].join("&");
  url.hash = "";
  return url;
}

/** Bytes in hexadecimal as URLs escape them: not as UTF-8. */
function escapeHex(hex: string): string {
  return hex.replaceAll(/../g, "%$&");
}
