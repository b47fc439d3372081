import { MAX_LINK_TRACKERS, isShoalError, parseShareLink } from "@shoal/peer-core/torrent";
import type { InfoHash, ShareLink } from "@shoal/peer-core/torrent";
import { trackersOf, webLinkOf } from "./hub-address.js";

/** Links that were pasted in this visit; a magnet says more than fits the page's address. */
const MAX_REMEMBERED = 100;
const pasted = new Map<InfoHash, string>();

/** The page's address, relative, of what a person pasted: a link, magnet or info-hash; undefined when it is none. */
export function hashOfText(text: string, base: string): string | undefined {
  const link = linkOfText(text);
  if (link === undefined) return undefined;
  remember(link.infoHash, text.trim());
  return new URL(webLinkOf(base, withHub(link, base))).hash;
}

/** Everything that is known of where a share is, for the engine: the magnet that was pasted, else the page's link. */
export function fullLinkOf(link: ShareLink, base: string): string {
  const magnet = pasted.get(link.infoHash);
  return magnet !== undefined && /^magnet:/i.test(magnet) ? magnet : webLinkOf(base, link);
}

/** Whether a text that was pasted anywhere is meant to be opened. */
export function isLinkText(text: string): boolean {
  return linkOfText(text) !== undefined;
}

function linkOfText(text: string): ShareLink | undefined {
  try {
    return parseShareLink(text);
  } catch (error) {
    if (!isShoalError(error, "link")) throw error;
    return undefined;
  }
}

/** A link of another hub is opened here, and asks that hub. */
function withHub(link: ShareLink, base: string): ShareLink {
  if (link.hub === undefined || new URL(link.hub).origin === new URL(base).origin) return link;
  const [theirs] = trackersOf(new URL("./", link.hub).href);
  const trackers = theirs === undefined ? link.trackers : [...new Set([theirs, ...link.trackers])];
  return { ...link, trackers: trackers.slice(0, MAX_LINK_TRACKERS) };
}

function remember(infoHash: InfoHash, text: string): void {
  pasted.delete(infoHash);
  pasted.set(infoHash, text);
  const [oldest] = pasted.keys();
  if (pasted.size > MAX_REMEMBERED && oldest !== undefined) pasted.delete(oldest);
}
