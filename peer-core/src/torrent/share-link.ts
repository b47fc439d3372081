import { ShoalError } from "../base/errors.js";
import type { InfoHash } from "../base/ids.js";

/** Characters of a link: browsers and chats carry no more without harm. */
export const MAX_LINK_LENGTH = 16 * 1024;

/** Trackers kept of one link. */
export const MAX_LINK_TRACKERS = 32;

/** Endpoints kept of one link. */
export const MAX_LINK_ENDPOINTS = 64;

/** Web seeds kept of one link. */
export const MAX_LINK_WEB_SEEDS = 32;

/** Where a share is and how to reach its swarm; hints that were not understood are left out. */
export interface ShareLink {
  readonly infoHash: InfoHash;
  /** For display until the metainfo is there; anybody can write anything here. */
  readonly name?: string | undefined;
  /** Announce URLs: ws, wss, http, https or udp. */
  readonly trackers: readonly string[];
  /** Peers to dial: ws://…, wss://… or tcp://HOST:PORT. */
  readonly endpoints: readonly string[];
  /** http and https URLs (BEP 19). */
  readonly webSeeds: readonly string[];
  /** Indexes of the files that are wanted, ascending (BEP 53); all when left out. */
  readonly select?: readonly number[] | undefined;
  /** The page's base URL, of web links. */
  readonly hub?: string | undefined;
}

/** Trimmed `text`; throws ShoalError("link") when it is too long to be a link. */
export function checkedText(text: string): string {
  if (text.length > MAX_LINK_LENGTH) {
    throw new ShoalError("link", `A link has at most ${MAX_LINK_LENGTH} characters, not ${text.length}`);
  }
  return text.trim();
}
