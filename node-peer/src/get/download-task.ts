import { ShoalError, type Client, type SessionEvent, type TorrentSession } from "@shoal/peer-core";
import { displayName, type Metainfo } from "@shoal/peer-core/torrent";
import { STDOUT_PATH, type DownloadStore, type OpenDownloadStore } from "./download-store.js";
import { reportEvent, reportMetadata } from "../terminal/event-report.js";
import { Inactivity } from "./inactivity.js";
import type { Output } from "../terminal/output.js";
import { noteRot } from "../terminal/rot-notice.js";
import type { Progress } from "../terminal/progress.js";
import { shareProgress } from "../terminal/share-progress.js";
import type { Target } from "./target.js";
import { TrackerReach } from "../share/tracker-reach.js";
import { formatCount, formatDuration, formatSize } from "../units.js";

export interface DownloadOptions {
  /** Opens where it goes; rejects with ShoalError "exists", "unsafe-name", "disk", "disk-full". */
  readonly openStore: OpenDownloadStore;
  /** Indexes of the files wanted, all when undefined. Throws UsageError for a choice that does not fit the share. */
  readonly select: (metainfo: Metainfo) => readonly number[] | undefined;
  /** This long with neither the metainfo nor a new verified byte: given up. 0: never. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Whoever waits longer than this for the disk is told what for. */
const SYNC_NOTE_MS = 500;

export interface DownloadTools {
  readonly client: Client;
  readonly output: Output;
  readonly progress: Pick<Progress, "add">;
}

export interface Downloaded {
  readonly path: string;
  readonly session: TorrentSession;
}

/** One download from the first announce to the finished file. */
export class DownloadTask {
  readonly #target: Target;
  readonly #options: DownloadOptions;
  readonly #tools: DownloadTools;
  readonly #reach: TrackerReach;
  readonly #startedMs = performance.now();
  #store: DownloadStore | undefined;
  #bytesBefore = 0;
  #endProgress: (() => void) | undefined;
  /** Tells at once, and not with the next tick, that content comes. */
  #tellFirstPiece: (() => void) | undefined;

  constructor(target: Target, options: DownloadOptions, tools: DownloadTools) {
    this.#target = target;
    this.#options = options;
    this.#tools = tools;
    this.#reach = new TrackerReach(target.trackers);
  }

  /**
   * Resolves when everything chosen stands under its final name and on the disk; the session then goes on seeding. Whatever it rejects
   * with, the session has been stopped: "no-peers", "bad-content", "tracker", "aborted", and what the store says.
   */
  async run(): Promise<Downloaded> {
    this.#options.signal.throwIfAborted();
    const session = this.#tools.client.add({
      source: this.#target.metainfo ?? this.#target.infoHash,
      openStore: async (metainfo) => (this.#store = await this.#options.openStore(metainfo)),
      select: this.#options.select,
      trackers: [this.#target.trackers],
      endpoints: this.#target.endpoints,
      webSeeds: this.#target.webSeeds,
      announcesEarly: true,
    });
    if (this.#target.metainfo) reportMetadata(this.#target.metainfo, this.#tools.output);
    try {
      await this.#untilComplete(session);
      return { path: await this.#finish(session), session };
    } catch (error) {
      await session.stop();
      throw error;
    } finally {
      this.#endProgress?.();
    }
  }

  async #untilComplete(session: TorrentSession): Promise<void> {
    const { signal, timeoutMs } = this.#options;
    const ending = new AbortController();
    try {
      await new Promise<void>((resolve, reject) => {
        const inactivity = new Inactivity(timeoutMs, () => {
          if (session.view.state === "checking") inactivity.touch();
          else reject(this.#givenUp(session));
        });
        const onAbort = () => reject(new ShoalError("aborted", "Interrupted"));
        signal.addEventListener("abort", onAbort, { signal: ending.signal });
        const stopListening = session.on((event) => {
          if (["metadata", "opened", "piece"].includes(event.kind)) inactivity.touch();
          const outcome = this.#see(event, session);
          if (outcome === "complete") resolve();
          else if (outcome) reject(outcome);
        });
        ending.signal.addEventListener("abort", () => {
          inactivity.stop();
          stopListening();
        });
      });
    } finally {
      ending.abort();
      // What comes while it seeds on is still worth telling.
      session.on((event) => {
        reportEvent(event, session.infoHash, this.#tools.output);
        // Until it has its name, what is lost comes again.
        if (this.#store?.isReadOnly === true)
          noteRot(event, session, "Stop it, and download --verify gets back what it was.", this.#tools.output);
      });
    }
  }

  /** What an event means for the download; undefined: it goes on. */
  #see(event: SessionEvent, session: TorrentSession): "complete" | ShoalError | undefined {
    this.#reach.see(event);
    switch (event.kind) {
      case "metadata":
        if (!this.#target.metainfo) reportMetadata(event.metainfo, this.#tools.output);
        return undefined;
      case "opened":
        return this.#opened(session);
      case "piece":
        this.#tellFirstPiece?.();
        this.#tellFirstPiece = undefined;
        return undefined;
      case "complete":
        return "complete";
      case "failed":
        return event.error;
      case "tracker-error":
        return this.#trackerFailed(event, session);
      default:
    }
    reportEvent(event, session.infoHash, this.#tools.output);
    return undefined;
  }

  #opened(session: TorrentSession): "complete" | undefined {
    const view = session.view;
    this.#bytesBefore = view.doneBytes;
    const name = session.metainfo?.name ?? this.#target.name ?? session.infoHash;
    const progress = shareProgress(session, name);
    this.#endProgress = this.#tools.progress.add(progress);
    this.#tellFirstPiece = () => this.#tools.output.event(progress.event());
    if (view.doneBytes > 0)
      this.#tools.output.note(
        `${displayName(name)}: ${formatSize(view.doneBytes)} of ${formatSize(view.chosenBytes)} are there already`,
      );
    return view.doneBytes === view.chosenBytes ? "complete" : undefined;
  }

  /** Without a tracker nor any peer known from elsewhere there is nobody to wait for. */
  #trackerFailed(event: SessionEvent, session: TorrentSession): ShoalError | undefined {
    const { peers, candidates } = session.view;
    const { endpoints, metainfo, webSeeds } = this.#target;
    // A web seed has the content, and cannot describe it.
    const isAlone = peers.length + candidates + endpoints.length + (metainfo ? webSeeds.length : 0) === 0;
    if (isAlone && this.#reach.failure) return this.#reach.failure;
    reportEvent(event, session.infoHash, this.#tools.output);
    return undefined;
  }

  #givenUp(session: TorrentSession): ShoalError {
    const name = displayName(session.metainfo?.name ?? this.#target.name ?? session.infoHash);
    const waited = formatDuration(this.#options.timeoutMs);
    const view = session.view;
    if (view.failedPieces > 0) {
      return new ShoalError(
        "bad-content",
        `${name}: those who offer it send data that does not match its hashes; nothing good came for ${waited}.\nAsk whoever shares it to share it again.`,
      );
    }
    const seeds = Math.max(0, ...session.trackers.map((tracker) => tracker.seeds ?? 0));
    const seen = `${formatCount(view.peers.length, "peer")} connected, ${formatCount(seeds, "seed")} known to the trackers`;
    const missing = session.metainfo ? "none of what is missing came" : "nobody could describe it";
    return new ShoalError(
      "no-peers",
      `${name}: ${missing} for ${waited} (${seen}).\nTry again when somebody shares it, or wait longer with --timeout.`,
    );
  }

  async #finish(session: TorrentSession): Promise<string> {
    if (!this.#store) throw new ShoalError("aborted", "Interrupted");
    const path = await this.#store.finish();
    this.#tellComplete(session, path);
    const note = setTimeout(() => this.#tools.output.note("Complete; bringing it to the disk…"), SYNC_NOTE_MS);
    await this.#store.synced().finally(() => clearTimeout(note));
    return path;
  }

  #tellComplete(session: TorrentSession, path: string): void {
    const view = session.view;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const fetched = view.chosenBytes - this.#bytesBefore;
    const rate = Math.round(fetched / Math.max(seconds, 1e-3));
    this.#endProgress?.();
    this.#tools.output.event({
      event: "complete",
      infoHash: session.infoHash,
      path,
      size: view.chosenBytes,
      seconds: Math.round(seconds * 1000) / 1000,
      bytesPerSecond: rate,
    });
    this.#tools.output.note(
      `Got ${formatSize(view.chosenBytes)} in ${formatDuration(seconds * 1000)}${fetched > 0 ? ` (${formatSize(rate)}/s)` : ""}`,
    );
    if (path !== STDOUT_PATH) this.#tools.output.print(path);
  }
}
