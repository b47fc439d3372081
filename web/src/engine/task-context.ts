import type { Client, TorrentSession, TrackerView } from "@shoal/peer-core";
import type { InfoHash, Metainfo, ShareLink } from "@shoal/peer-core/torrent";
import type { EngineWorld } from "./browser-world.js";
import type { HubCatalogue, Presence } from "./hub-catalogue.js";
import type { NotedDials } from "./noted-dials.js";
import type { Searches } from "./searches.js";

/** What every share and get has in common. */
export interface TaskContext {
  readonly world: EngineWorld;
  readonly client: Client;
  /** The page's URL, ending in "/". */
  readonly base: string;
  readonly catalogue: HubCatalogue;
  /** The hub's announce URL. */
  readonly tracker: string;
  /** Relays to be tried first: the hub's own, on the page's origin, which every page may reach. */
  readonly relays: readonly string[];
  readonly dials: NotedDials;
  readonly searches: Searches;
  /** Something of a task has changed; at once: a kind of state has. */
  onChange(isAtOnce: boolean): void;
}

/** How to get to a share's swarm, for `Client.add`. */
export function waysTo(context: TaskContext, link?: ShareLink) {
  const trackers = [...new Set([context.tracker, ...(link?.trackers ?? [])])];
  return {
    trackers: trackers.map((url) => [url]),
    endpoints: link?.endpoints ?? [],
    relays: context.relays,
  };
}

/** People in a swarm as its trackers count them, the largest count of each. */
export function presenceOf(trackers: readonly TrackerView[]): Presence | undefined {
  const answered = trackers.filter(({ seeds }) => seeds !== undefined);
  if (answered.length === 0) return undefined;
  return {
    seeds: Math.max(...answered.map(({ seeds }) => seeds ?? 0)),
    leeches: Math.max(...answered.map(({ leeches }) => leeches ?? 0)),
  };
}

/** A link that says no more than which share is meant. */
export function bareLink(infoHash: InfoHash): ShareLink {
  return { infoHash, trackers: [], endpoints: [], webSeeds: [] };
}

/** Resolves when the session has the metainfo; rejects when it fails or `signal` fires. */
export function metainfoOf(session: TorrentSession, signal: AbortSignal): Promise<Metainfo> {
  return new Promise((resolve, reject) => {
    if (session.metainfo !== undefined) resolve(session.metainfo);
    session.on((event) => {
      if (event.kind === "metadata") resolve(event.metainfo);
      if (event.kind === "failed") reject(event.error);
    });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
