import { Catalogue } from "./catalogue.js";
import { hubTwin, withoutHttpTwins } from "./http-twins.js";

/** A hub in reach answers sooner; one that does not is announced to over HTTP. */
const PATIENCE_MS = 2_000;

/**
 * The trackers with those that were given by their HTTP announce URL but are hubs of Shoal by their WebSocket URL, which
 * has a catalogue and tells of peers at once. Who answers as a catalogue does is a hub.
 */
export async function preferHubs(trackers: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const preferred = await Promise.all(
    trackers.map(async (tracker) => {
      const hub = hubTwin(tracker);
      return hub !== undefined && (await new Catalogue(hub).isThere(patience)) ? hub : tracker;
    }),
  );
  return withoutHttpTwins(preferred);
}
