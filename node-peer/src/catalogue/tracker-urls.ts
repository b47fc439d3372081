import { UsageError } from "../usage-error.js";

/** What a person runs at home: the hub that `npm start` brings up. */
export const DEFAULT_TRACKER = "ws://localhost:8000/announce";

const PROTOCOLS: Readonly<Record<string, string>> = { "ws:": "ws:", "wss:": "wss:", "http:": "ws:", "https:": "wss:" };

/**
 * The announce URL that `text` means: ws(s)://…/announce as it is; a hub's page (http://HOST:PORT/) or HOST:PORT become
 * its announce URL. Throws UsageError.
 */
export function parseTrackerUrl(text: string): string {
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`);
  const protocol = url && PROTOCOLS[url.protocol];
  if (!url || protocol === undefined || url.hostname === "" || url.username !== "" || url.password !== "") {
    throw new UsageError(`"${text}" is not a tracker: expected a URL like ${DEFAULT_TRACKER}`);
  }
  const path = url.pathname.endsWith("/") ? `${url.pathname}announce` : url.pathname;
  return `${protocol}//${url.host}${path}${url.search}`;
}

/** The announce URL of the hub whose page is at `hub`. */
export function trackerOfHub(hub: string): string {
  const url = new URL("announce", hub);
  return `${PROTOCOLS[url.protocol] ?? "ws:"}//${url.host}${url.pathname}`;
}

/** The page, and the base of the HTTP API, beside a WebSocket tracker: http(s)://HOST/…/ ; undefined for other trackers. */
export function hubOfTracker(tracker: string): string | undefined {
  const url = parseUrl(tracker);
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") return undefined;
  return `${url.protocol === "wss:" ? "https:" : "http:"}//${url.host}${url.pathname.replace(/[^/]*$/, "")}`;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
