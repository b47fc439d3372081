import type { SwarmView, TorrentSession } from "@shoal/peer-core";
import { pieceMap } from "./piece-map.js";
import type { FileProgress } from "./file-progress.js";
import type { PieceSources } from "./piece-sources.js";
import type { TaskContext } from "./task-context.js";
import type { TriedWay, WhyStuck } from "./messages.js";
import { whyStuck } from "./why-stuck.js";

/** Peers that came and went, remembered for people who wonder. */
const MAX_PARTINGS = 20;

/** What has happened on the way of one get: who was there, and what was said at parting. */
export class GetHistory {
  readonly #partings: TriedWay[] = [];
  #lastMovedMs = Date.now();
  #lastPieceMs: number | undefined;
  #downloaded = 0;

  /** When something last came, or was begun. */
  get lastMovedMs(): number {
    return this.#lastMovedMs;
  }

  noteMoved(): void {
    this.#lastMovedMs = Date.now();
  }

  notePiece(): void {
    this.#lastPieceMs = this.#lastMovedMs = Date.now();
  }

  /** `bytes`: all that came since the session began, parts of pieces too. */
  noteDownloaded(bytes: number): void {
    if (bytes !== this.#downloaded) this.noteMoved();
    this.#downloaded = bytes;
  }

  noteParting(label: string, reason: string | undefined): void {
    this.#partings.unshift({ what: "peer", address: label, answer: reason || "gone", atMs: Date.now() });
    this.#partings.length = Math.min(this.#partings.length, MAX_PARTINGS);
  }

  /** `leftShare`: of what was chosen, not here yet. */
  why(
    session: TorrentSession | undefined,
    view: SwarmView | undefined,
    leftShare: number,
    context: TaskContext,
  ): WhyStuck {
    return whyStuck({
      isOnline: globalThis.navigator.onLine,
      trackers: session?.trackers ?? [],
      peers: view?.peers ?? [],
      candidates: view?.candidates ?? 0,
      relays: context.relays.map((address) => ({ address, dial: context.dials.of(address) })),
      partings: this.#partings,
      leftShare,
      lastSeenMs: this.#lastPieceMs,
      nowMs: Date.now(),
    });
  }
}

/** The map of a get, its colours by the numbers of `sources`. */
export function mapOf(progress: FileProgress, sources: PieceSources, session: TorrentSession | undefined): Uint8Array {
  const table = session?.swarm.content?.table;
  const { held } = progress;
  return pieceMap({
    pieceCount: held.size,
    has: (piece) => held.has(piece),
    isUnderWay: (piece) => {
      const state = table?.state(table.geometry.pieceIndex(piece));
      return state === "downloading" || state === "verifying";
    },
    isWanted: (piece) => table === undefined || table.isLacking(piece),
    sourceOf: (piece) => sources.of(piece),
  });
}
