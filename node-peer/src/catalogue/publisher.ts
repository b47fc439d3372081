import { isShoalError, ShoalError, type TorrentSession } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { Catalogue } from "./catalogue.js";
import type { Output } from "../terminal/output.js";
import type { OwnerTokens } from "./owner-tokens.js";
import { trackerKind } from "./tracker-urls.js";

export interface PublishOptions {
  /** Those without a catalogue are left out. */
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
  readonly #hubs: readonly string[];

  constructor(metainfo: Metainfo, options: PublishOptions) {
    this.#metainfo = metainfo;
    this.#options = options;
    this.#hubs = options.trackers.filter((tracker) => trackerKind(tracker) === "hub");
  }

  /** Lists the share everywhere; returns how many catalogues hold it now, and why the others do not. */
  async publishAll(): Promise<{ readonly listed: number; readonly failures: readonly ShoalError[] }> {
    const failures = await Promise.all(this.#hubs.map((tracker) => this.#publish(tracker)));
    const listed = failures.filter((failure) => failure === undefined).length;
    return { listed, failures: failures.filter((failure) => failure !== undefined) };
  }

  /** Lists it again at a tracker that comes back after having failed: it may have lost what it knew. */
  follow(session: TorrentSession): () => void {
    const failed = new Set<string>();
    return session.on((event) => {
      if (event.kind === "tracker-error" && this.#hubs.includes(event.tracker)) failed.add(event.tracker);
      if (event.kind === "announced" && failed.delete(event.tracker)) void this.#publishAgain(event.tracker);
    });
  }

  async #publishAgain(tracker: string): Promise<void> {
    const failure = await this.#publish(tracker);
    if (failure && !this.#options.signal.aborted) this.#options.output.warn(failure.code, failure.message);
  }

  /** Undefined when it is listed. */
  async #publish(tracker: string): Promise<ShoalError | undefined> {
    const { searchable, tokens, signal } = this.#options;
    try {
      const catalogue = new Catalogue(tracker);
      const token = await catalogue.publish(this.#metainfo, searchable, signal);
      if (token !== undefined) await tokens.save(catalogue.hub, this.#metainfo.infoHash, token);
      return undefined;
    } catch (error) {
      if (!isShoalError(error)) throw error;
      return new ShoalError(error.code, `${this.#metainfo.name} is not listed: ${error.message}`, { cause: error });
    }
  }
}
