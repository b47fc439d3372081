import { UsageError } from "../usage-error.js";

/** What a person runs at home: the hub that `npm start` brings up. */
export const DEFAULT_TRACKER = "ws://localhost:8000/announce";

const PROTOCOLS: Readonly<Record<string, string>> = { "ws:": "ws:", "wss:": "wss:", "http:": "ws:", "https:": "wss:" };

/** What a tracker speaks: WebSocket with a catalogue beside it (or at least that), HTTP, or UDP. */
export type TrackerKind = "hub" | "http" | "udp";

/** The kind of the tracker at an announce URL; undefined for a URL that is none. */
export function trackerKind(tracker: string): TrackerKind | undefined {
  const url = parseUrl(tracker);
  if (url === undefined || url.hostname === "" || url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "ws:" || url.protocol === "wss:") return "hub";
  if (url.protocol === "http:" || url.protocol === "https:") return "http";
  return url.protocol === "udp:" && url.port !== "" && url.port !== "0" ? "udp" : undefined;
}

/**
 * The announce URL that `text` means: ws(s)://…, udp://HOST:PORT and an HTTP tracker's http(s)://…/announce as they
 * are; a hub's page, which ends in "/" (http://HOST:PORT/), or HOST:PORT become its announce URL. Throws UsageError.
 */
export function parseTrackerUrl(text: string): string {
  const given = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`);
  if (given === undefined || trackerKind(given.href) === undefined) {
    throw new UsageError(
      `"${text}" is not a tracker: expected a URL like ${DEFAULT_TRACKER}, http://HOST/announce or udp://HOST:PORT`,
    );
  }
  given.hash = "";
  if (/^https?:$/.test(given.protocol) && given.pathname.endsWith("/")) return trackerOfHub(given.href);
  if (/^wss?:$/.test(given.protocol) && given.pathname.endsWith("/")) given.pathname += "announce";
  return given.href;
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
