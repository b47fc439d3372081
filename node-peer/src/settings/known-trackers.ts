import type { Settings } from "./settings.js";
import { DEFAULT_TRACKER, parseTrackerUrl } from "../catalogue/tracker-urls.js";

/** Trackers of one run, and whether somebody chose them. */
export interface KnownTrackers {
  readonly urls: readonly string[];
  /** False for the default: a link that names its own trackers then does without it. */
  readonly isChosen: boolean;
}

/** `--tracker`, else SHOAL_TRACKERS, else the configuration file, else the default. Throws UsageError. */
export function knownTrackers(settings: Settings): KnownTrackers {
  const urls = [...new Set(settings.list("tracker").map(parseTrackerUrl))];
  return urls.length > 0 ? { urls, isChosen: true } : { urls: [DEFAULT_TRACKER], isChosen: false };
}
