import { trackerKind } from "./tracker-urls.js";

/**
 * The trackers, each WebSocket one followed by its HTTP twin: a hub answers both at one path, and ordinary clients know
 * only the latter. For links and files that anybody may open.
 */
export function withHttpTwins(trackers: readonly string[]): readonly string[] {
  return [...new Set(trackers.flatMap((url) => [url, httpTwin(url) ?? url]))];
}

/**
 * The trackers to announce to: one that is named by its WebSocket and its HTTP URL is announced to by WebSocket alone, or
 * it would take us for two peers. URLs of no known kind are left out.
 */
export function withoutHttpTwins(trackers: readonly string[]): readonly string[] {
  const known = trackers.filter((url) => trackerKind(url) !== undefined);
  const twins = new Set(known.map(httpTwin));
  return [...new Set(known)].filter((url) => !twins.has(url));
}

/** Where a hub with this HTTP announce URL takes announces over WebSocket; undefined for URLs that no hub has. */
export function hubTwin(tracker: string): string | undefined {
  if (trackerKind(tracker) !== "http") return undefined;
  const { href, pathname, search } = new URL(tracker);
  return pathname.endsWith("/announce") && search === "" ? href.replace(/^http/, "ws") : undefined;
}

/** Where a hub takes announces over HTTP; undefined for trackers that are none. */
function httpTwin(tracker: string): string | undefined {
  return trackerKind(tracker) === "hub" ? new URL(tracker).href.replace(/^ws/, "http") : undefined;
}
