import { utf8Decode, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { parseInfoHash } from "../base/ids.js";
import type { InfoHash } from "../base/ids.js";
import { formatSelection, parseSelection } from "./file-selection.js";
import { acceptUrls, endpointUrl, tcpUrl, trackerUrl, webUrl } from "./link-url.js";
import { MAX_NAME_BYTES } from "./safe-name.js";
import { MAX_LINK_ENDPOINTS, MAX_LINK_TRACKERS, MAX_LINK_WEB_SEEDS, checkedText } from "./share-link.js";
import type { ShareLink } from "./share-link.js";

const SCHEME = /^magnet:\?/i;
const TOPIC = /^urn:btih:/i;
const TCP = "tcp://";

/** Reads `magnet:?xt=urn:btih:…` with dn, tr, ws, so, x.pe (BEP 9, 53) and x.ep (endpoint URLs). Throws ShoalError("link"). */
export function parseMagnet(text: string): ShareLink {
  const trimmed = checkedText(text);
  if (!SCHEME.test(trimmed)) throw new ShoalError("link", "Expected a link that begins with magnet:?");
  const fields = new URLSearchParams(trimmed.replace(SCHEME, ""));
  const name = fields.get("dn") ?? "";
  const endpoints = [...fields.getAll("x.ep"), ...fields.getAll("x.pe").map((peer) => tcpUrl(peer) ?? "")];
  return {
    infoHash: topicOf(fields),
    name: name === "" || utf8Encode(name).length > MAX_NAME_BYTES ? undefined : name,
    trackers: acceptUrls(fields.getAll("tr"), trackerUrl, MAX_LINK_TRACKERS),
    endpoints: acceptUrls(endpoints, endpointUrl, MAX_LINK_ENDPOINTS),
    webSeeds: acceptUrls(fields.getAll("ws"), webUrl, MAX_LINK_WEB_SEEDS),
    select: parseSelection(fields.get("so")),
  };
}

/** The first v1 info-hash: a hybrid's magnet has a btmh topic beside it (BEP 52), and topics may be numbered. */
function topicOf(fields: URLSearchParams): InfoHash {
  for (const topic of [...fields.getAll("xt"), ...fields.getAll("xt.1"), ...fields.getAll("xt.2")]) {
    const infoHash = TOPIC.test(topic) ? parseInfoHash(topic.replace(TOPIC, "")) : undefined;
    if (infoHash !== undefined) return infoHash;
  }
  throw new ShoalError("link", "Expected xt=urn:btih: with an info-hash of 40 hexadecimal digits in the magnet link");
}

/** The magnet link of a share. */
export function formatMagnet(link: ShareLink): string {
  const fields = [
    `xt=urn:btih:${link.infoHash}`,
    ...(link.name === undefined || link.name === "" ? [] : [`dn=${encode(link.name)}`]),
    ...link.trackers.map((url) => `tr=${encode(url)}`),
    ...link.endpoints.map((url) =>
      url.startsWith(TCP) ? `x.pe=${encode(url.slice(TCP.length))}` : `x.ep=${encode(url)}`,
    ),
    ...link.webSeeds.map((url) => `ws=${encode(url)}`),
    ...(link.select === undefined || link.select.length === 0 ? [] : [`so=${formatSelection(link.select)}`]),
  ];
  return `magnet:?${fields.join("&")}`;
}

/** As encodeURIComponent, which throws at lone surrogates: UTF-8 turns those into U+FFFD first. */
function encode(text: string): string {
  return encodeURIComponent(utf8Decode(utf8Encode(text)) ?? "");
}
