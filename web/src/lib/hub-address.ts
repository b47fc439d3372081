import { formatMagnet, formatWebLink } from "@shoal/peer-core/torrent";
import type { InfoHash, ShareLink } from "@shoal/peer-core/torrent";

/** What `GET api/hub` says of the hub. */
export interface HubDescription {
  /** Where the hub is opened, the most useful URL for others first. */
  readonly urls: readonly string[];
  readonly publicUrl: string | undefined;
}

/** Runs the command from a clone of Shoal. */
const COMMAND = "npx --no-install shoal";

/** The page's own URL without query and fragment, ending in "/": what every request is relative to. */
export function pageBase(href: string): string {
  return new URL("./", href).href;
}

/** The base to give to others: the page's own, unless that is one that only this machine reaches. */
export function sharedBase(base: string, hub: HubDescription | undefined): string {
  if (hub === undefined || !isLoopback(base)) return base;
  return [hub.publicUrl, ...hub.urls].find((url) => url !== undefined && isWebUrl(url) && !isLoopback(url)) ?? base;
}

/** Announce URLs of the hub at `base`: WebSocket for peers of ours, then HTTP for ordinary clients. */
export function trackersOf(base: string): readonly string[] {
  const url = new URL("announce", base).href;
  return [url.replace(/^http/, "ws"), url];
}

/** The web link of a share at the hub `base`, its hints kept. */
export function webLinkOf(base: string, link: ShareLink): string {
  return formatWebLink(base, link);
}

/** A magnet link with the hub's trackers in it. */
export function magnetOf(base: string, infoHash: InfoHash, name: string | undefined): string {
  return formatMagnet({ infoHash, name, trackers: trackersOf(base), endpoints: [], webSeeds: [] });
}

/** The command that shares a PATH at the hub `base`. */
export function uploadCommand(base: string): string {
  return `${COMMAND} upload PATH --tracker ${inShell(base)}`;
}

/** The command that gets what `link`, a link or the word LINK, stands for. */
export function downloadCommand(link: string): string {
  return `${COMMAND} download ${inShell(link)}`;
}

/** What makes a clone ready for the commands above. */
export const PREPARE_COMMAND = "npm install && npm run build";

/**
 * In double quotes, which every shell knows, where it needs them. Only URLs and the word LINK may come here, never a
 * name; what means something within double quotes is escaped as a URL may escape it.
 */
function inShell(text: string): string {
  if (/^[a-z0-9:/._-]+$/.test(text)) return text;
  return `"${text.replace(/[$`\\"!]/g, escaped)}"`;
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`;
}

function isWebUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:\/\//.test(url);
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || hostname.startsWith("127.")
  );
}
