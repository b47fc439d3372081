import type { TrackerChannel } from "@shoal/peer-core";

/**
 * Where a hub's own relay is, as its tracker tells it: relative to the tracker's URL, so that the hub works behind any name,
 * proxy and sub-path without being told (docs/protocol.md).
 */
export const OWN_ENDPOINT = "peer";

/** The line of a hub's relay to the hub's own tracker: it announces itself there at OWN_ENDPOINT, and nowhere else. */
export function createOwnRelayChannel(channel: TrackerChannel): TrackerChannel {
  return {
    url: channel.url,
    get address() {
      return channel.address;
    },
    longestRetryMs: channel.longestRetryMs,
    announce: (request, signal) => channel.announce({ ...request, port: undefined, endpoint: OWN_ENDPOINT }, signal),
    scrape: (infoHash, signal) => channel.scrape(infoHash, signal),
    have: (infoHash, pieces) => channel.have(infoHash, pieces),
    watch: (infoHash, watcher) => channel.watch(infoHash, watcher),
    close: () => channel.close(),
  };
}
