import type { Settings } from "./settings.js";
import { preferHubs } from "../catalogue/prefer-hubs.js";
import { withoutHttpTwins } from "../catalogue/http-twins.js";
import { DEFAULT_TRACKER, parseTrackerUrl } from "../catalogue/tracker-urls.js";

/** Trackers of one run, and whether somebody chose them. */
export interface KnownTrackers {
  readonly urls: readonly string[];
  /** False for the default: a link that names its own trackers then does without it. */
  readonly isChosen: boolean;
}

/**
 * `--tracker`, else SHOAL_TRACKERS, else the configuration file, else the default. A hub that was given by its HTTP
 * announce URL is found out by asking it. Rejects with UsageError.
 */
export async function knownTrackers(settings: Settings, signal: AbortSignal): Promise<KnownTrackers> {
  const urls = withoutHttpTwins(settings.list("tracker").map(parseTrackerUrl));
  if (urls.length === 0) return { urls: [DEFAULT_TRACKER], isChosen: false };
  return { urls: await preferHubs(urls, signal), isChosen: true };
}
