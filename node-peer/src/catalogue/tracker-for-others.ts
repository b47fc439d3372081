import { isShoalError } from "@shoal/peer-core";
import { isLoopback } from "../hub/lan-addresses.js";
import { Catalogue } from "./catalogue.js";
import { hubOfTracker, trackerOfHub } from "./tracker-urls.js";

/**
 * The announce URL to give to others: a hub that we reach as localhost says by which URL they reach it, if by any.
 * Throws ShoalError("aborted").
 */
export async function trackerForOthers(tracker: string, signal: AbortSignal): Promise<string> {
  const hub = hubOfTracker(tracker);
  if (hub === undefined || !isLoopback(new URL(hub).hostname)) return tracker;
  const urls = await new Catalogue(tracker).pageUrls(signal).catch((error: unknown) => {
    // A tracker alone has no page and knows no name for itself.
    if (isShoalError(error, "tracker")) return [];
    throw error;
  });
  const page = urls.map(webUrl).find((url) => url !== undefined && !isLoopback(url.hostname));
  return page === undefined ? tracker : trackerOfHub(page.href);
}

/** The announce URLs to give to others, by those that we use. Throws ShoalError("aborted"). */
export async function trackersForOthers(
  trackers: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  return new Map(await Promise.all(trackers.map(async (url) => [url, await trackerForOthers(url, signal)] as const)));
}

/** Undefined for what a hub has no business to say: its answer is a stranger's, like any. */
function webUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
  } catch {
    return undefined;
  }
}
