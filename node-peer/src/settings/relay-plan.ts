import { parseTrackerUrl } from "../catalogue/tracker-urls.js";
import { parseDuration, parseSize } from "../units.js";
import { UsageError } from "../usage-error.js";
import type { Settings } from "./settings.js";

/** Which shares a hub's relay carries. */
const POLICIES = ["off", "published", "any"] as const;

/** A kept share is promised for as long as people take to come back to a link. */
const DEFAULT_KEEP_MS = 7 * 24 * 3_600_000;

/** How a hub's relay is to be run. */
export interface RelayPlan {
  /** `published`: what is in the hub's catalogue or in those of `trackers`, searchable or not. */
  readonly policy: "published" | "any";
  /** Undefined: what fits the disk. */
  readonly cacheBytes: number | undefined;
  /** Whole shares are kept up to so many bytes; 0: none. */
  readonly keepBytes: number;
  readonly keepMs: number;
  /** Besides the hub's own. */
  readonly trackers: readonly string[];
}

/**
 * `--relay`, `--cache`, `--keep`, `--keep-time` and `--tracker` of `serve`; undefined when there is to be no relay. A hub's
 * tracker is its own: the environment's are for commands that share and get. Throws UsageError.
 */
export function relayPlan(settings: Settings): RelayPlan | undefined {
  const policy = settings.choice("relay", POLICIES) ?? "published";
  const cacheBytes = settings.parsed("cache", parseSize);
  const keepBytes = settings.parsed("keep", parseSize) ?? 0;
  const keepMs = settings.parsed("keepTime", parseDuration) ?? DEFAULT_KEEP_MS;
  const trackers = settings.flagList("tracker").map(parseTrackerUrl);
  if (cacheBytes !== undefined && keepBytes > cacheBytes)
    throw new UsageError("--keep is a part of --cache: it cannot be larger");
  return policy === "off" || cacheBytes === 0 ? undefined : { policy, cacheBytes, keepBytes, keepMs, trackers };
}
