import { displayName, formatMagnet, formatWebLink } from "@shoal/peer-core/torrent";
import { Catalogues, type Listed } from "../catalogue/catalogues.js";
import type { CommandContext, CommandSpec } from "./command-spec.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { CatalogueDescription } from "../terminal/json-events.js";
import { knownTrackers } from "../settings/known-trackers.js";
import { formatCount, formatDate, formatSize, parseCount } from "../units.js";

const DEFAULT_LIMIT = 50;

/** `shoal search WORDS`. */
export const searchCommand: CommandSpec = {
  name: "search",
  aliases: [],
  arguments: "[words...]",
  summary: "Look through the catalogues: shares whose names hold all words; without words all, newest first",
  options: [{ flags: "--limit <count>", description: `how many at most (default: ${DEFAULT_LIMIT})` }],
  examples: ["search holiday 2026", "search --json | head -5"],
  run: search,
};

async function search(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const limit = settings.parsed("limit", parseCount) ?? DEFAULT_LIMIT;
  const trackers = knownTrackers(settings).urls;
  const catalogues = new Catalogues(trackers, (error) => output.warn(error.code, error.message));
  const words = context.args.join(" ");
  const found = await catalogues.search(words, limit, shutdown.signal);
  for (const listed of found) output.event({ event: "found", ...describe(listed, trackers) });
  for (const line of table(found)) output.print(line);
  if (found.length === 0) output.note(words === "" ? "Nothing is shared there yet." : `Nothing matches "${words}".`);
  return EXIT.done;
}

/** A listed share as `--json` tells it. */
export function describe({ entry, catalogue }: Listed, trackers: readonly string[]): CatalogueDescription {
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
    link: formatWebLink(catalogue.hub, { ...link, trackers: [] }),
    magnet: formatMagnet(link),
  };
}

/** Lines in columns: size, seeds, date, info-hash, name last, since it is the one of any length. */
export function table(found: readonly Listed[]): readonly string[] {
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
