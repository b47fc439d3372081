import { Catalogues } from "../catalogue/catalogues.js";
import { describeListed, listingTable } from "../catalogue/listing.js";
import { trackersForOthers } from "../catalogue/tracker-for-others.js";
import type { CommandContext } from "./command-spec.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { knownTrackers } from "../settings/known-trackers.js";
import { parseCount } from "../units.js";

const DEFAULT_LIMIT = 50;

/** `shoal search WORDS`. */
export async function search(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const limit = settings.parsed("limit", parseCount) ?? DEFAULT_LIMIT;
  const trackers = (await knownTrackers(settings, shutdown.signal)).urls;
  const catalogues = new Catalogues(trackers, (error) => output.warn(error.code, error.message));
  const words = context.args.join(" ");
  const found = await catalogues.search(words, limit, shutdown.signal);
  const forOthers = output.json ? await trackersForOthers(trackers, shutdown.signal) : new Map<string, string>();
  for (const listed of found) output.event({ event: "found", ...describeListed(listed, forOthers) });
  for (const line of listingTable(found)) output.print(line);
  if (found.length === 0) output.note(words === "" ? "Nothing is shared there yet." : `Nothing matches "${words}".`);
  return EXIT.done;
}
