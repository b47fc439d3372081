import { displayName, formatMagnet, formatWebLink } from "@shoal/peer-core/torrent";
import type { CatalogueDescription } from "../terminal/json-events.js";
import { formatCount, formatDate, formatSize } from "../units.js";
import { withHttpTwins } from "./http-twins.js";
import type { Listed } from "./catalogues.js";
import { hubOfTracker } from "./tracker-urls.js";

/** A listed share as `--json` tells it; `forOthers`: for each tracker used, the URL by which others reach it. */
export function describeListed(
  { entry, catalogue }: Listed,
  forOthers: ReadonlyMap<string, string>,
): CatalogueDescription {
  const trackers = [...forOthers.values()];
  const ours = [...forOthers.keys()].find((url) => hubOfTracker(url) === catalogue.hub);
  const hub = hubOfTracker(forOthers.get(ours ?? "") ?? "") ?? catalogue.hub;
  const link = { infoHash: entry.infoHash, name: entry.name, trackers, endpoints: [], webSeeds: [] };
  return {
    infoHash: entry.infoHash,
    name: entry.name,
    size: entry.size,
    files: entry.fileCount,
    pieceLength: entry.pieceLength,
    created: formatDate(entry.addedAt),
    seeds: entry.seeds,
    leeches: entry.leeches,
    link: formatWebLink(hub, { ...link, trackers: [] }),
    magnet: formatMagnet({ ...link, trackers: withHttpTwins(trackers) }),
  };
}

/** Lines in columns: size, seeds, date, info-hash, name last, since it is the one of any length. */
export function listingTable(found: readonly Listed[]): readonly string[] {
  return found.map(({ entry }) =>
    [
      formatSize(entry.size).padStart(9),
      formatCount(entry.seeds, "seed").padStart(8),
      formatDate(entry.addedAt).slice(0, 10),
      entry.infoHash,
      displayName(entry.name) + (entry.fileCount > 1 ? `/ (${formatCount(entry.fileCount, "file")})` : ""),
    ].join("  "),
  );
}
