import { ShoalError } from "../base/errors.js";
import { parseInfoHash } from "../base/ids.js";
import { formatSelection, parseSelection } from "./file-selection.js";
import { acceptUrls, endpointUrl, trackerUrl } from "./link-url.js";
import { MAX_LINK_ENDPOINTS, MAX_LINK_TRACKERS, checkedText } from "./share-link.js";
import type { ShareLink } from "./share-link.js";

/** Reads a web link, `https://HOST/…/#/s/INFOHASH?tr=&ep=&so=`. Throws ShoalError("link"). */
export function parseWebLink(text: string): ShareLink {
  const url = webPage(checkedText(text));
  const [, path = "", query = ""] = /^#\/s\/([^?]*)\??(.*)$/s.exec(url.hash) ?? [];
  const [hash = "", key] = path.split("/");
  if (key !== undefined && key !== "") {
    throw new ShoalError("link", "Private links are not supported yet by this version; expected …/#/s/INFOHASH");
  }
  const infoHash = parseInfoHash(hash);
  if (infoHash === undefined) throw new ShoalError("link", "Expected a link of the form https://HOST/#/s/INFOHASH");
  const fields = new URLSearchParams(query);
  return {
    infoHash,
    trackers: acceptUrls(fields.getAll("tr"), trackerUrl, MAX_LINK_TRACKERS),
    endpoints: acceptUrls(fields.getAll("ep"), endpointUrl, MAX_LINK_ENDPOINTS),
    webSeeds: [],
    select: parseSelection(fields.get("so")),
    hub: baseOf(url),
  };
}

/** The web link of a share at the page `hub`; the name stays out, to keep it short. Throws ShoalError("link") for a bad `hub`. */
export function formatWebLink(hub: string, link: ShareLink): string {
  const fields = [
    ...link.trackers.map((url) => `tr=${encodeURIComponent(url)}`),
    ...link.endpoints.map((url) => `ep=${encodeURIComponent(url)}`),
    ...(link.select === undefined || link.select.length === 0 ? [] : [`so=${formatSelection(link.select)}`]),
  ];
  const query = fields.length === 0 ? "" : `?${fields.join("&")}`;
  return `${baseOf(webPage(hub))}#/s/${link.infoHash}${query}`;
}

function webPage(text: string): URL {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  } catch {
    // Not a URL at all: the same answer as for the wrong kind.
  }
  throw new ShoalError("link", "Expected a link that begins with https:// or http://");
}

function baseOf(url: URL): string {
  return url.origin + url.pathname;
}
