import { isShoalError, messageOf, type TorrentSession } from "@shoal/peer-core";
import { displayName, type Metainfo } from "@shoal/peer-core/torrent";
import { Catalogue } from "./catalogue.js";
import type { Output } from "../terminal/output.js";
import type { OwnerTokens } from "./owner-tokens.js";
import { hubOfTracker } from "./tracker-urls.js";

export interface PublishOptions {
  readonly trackers: readonly string[];
  /** False: listed by info-hash alone, found by nobody who does not know it. */
  readonly searchable: boolean;
  readonly tokens: OwnerTokens;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Keeps one share in the catalogue beside each of its trackers. */
export class Publisher {
  readonly #metainfo: Metainfo;
  readonly #options: PublishOptions;

  constructor(metainfo: Metainfo, options: PublishOptions) {
    this.#metainfo = metainfo;
    this.#options = options;
  }

  /** Lists the share everywhere; returns how many catalogues hold it now. Failures become warnings. */
  async publishAll(): Promise<number> {
    const listed = await Promise.all(this.#options.trackers.map((tracker) => this.#publish(tracker)));
    return listed.filter(Boolean).length;
  }

  /** Lists it again at a tracker that comes back after having failed: it may have lost what it knew. */
  follow(session: TorrentSession): () => void {
    const failed = new Set<string>();
    return session.on((event) => {
      if (event.kind === "tracker-error") failed.add(event.tracker);
      if (event.kind === "announced" && failed.delete(event.tracker)) void this.#publish(event.tracker);
    });
  }

  async #publish(tracker: string): Promise<boolean> {
    if (hubOfTracker(tracker) === undefined) return false;
    const catalogue = new Catalogue(tracker);
    const { searchable, tokens, output, signal } = this.#options;
    try {
      const token = await catalogue.publish(this.#metainfo, searchable, signal);
      if (token !== undefined) await tokens.save(catalogue.hub, this.#metainfo.infoHash, token);
      return true;
    } catch (error) {
      if (!signal.aborted)
        output.warn(
          isShoalError(error) ? error.code : "internal",
          `${displayName(this.#metainfo.name)} is not listed: ${messageOf(error)}`,
        );
      return false;
    }
  }
}
