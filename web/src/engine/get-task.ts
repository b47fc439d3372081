import type { SessionEvent, TorrentSession } from "@shoal/peer-core";
import { assertSafeNames, Bitfield, ShoalError } from "@shoal/peer-core/torrent";
import type { InfoHash, Metainfo, PeerId, ShareLink } from "@shoal/peer-core/torrent";
import { FileProgress } from "./file-progress.js";
import { asIndexes, choiceOf, type FileChoice } from "./get-choice.js";
import { GetHistory, mapOf } from "./get-view.js";
import { GetStorage } from "./get-storage.js";
import type { Presence } from "./hub-catalogue.js";
import { hostOf } from "./known-peer.js";
import type { KeptStore } from "./kept-store.js";
import { lookUp } from "./look-up.js";
import type { GetItem } from "./messages.js";
import { PieceSources } from "./piece-sources.js";
import type { RememberedGet } from "./remembered-work.js";
import type { SaveOptions } from "./save-files.js";
import { stateOfGet, type GetStatus } from "./state-of-get.js";
import { presenceOf, waysTo, type TaskContext } from "./task-context.js";
import { TaskTurns } from "./task-turns.js";
import { troubleOf } from "./trouble.js";

/**
 * One share that is being got: looking → found → checking → running → done; running ⇄ paused; any → failed; after a
 * reload interrupted, paused or done. Commands are carried out one after the other.
 */
export class GetTask {
  readonly infoHash: InfoHash;
  isWatched = false;
  readonly #context: TaskContext;
  readonly #link: ShareLink;
  readonly #storage: GetStorage;
  readonly #turns = new TaskTurns((error) => this.#fail(error));
  readonly #history = new GetHistory();
  readonly #sources = new PieceSources();
  /** Fires when nobody wants the task any more. */
  readonly #end = new AbortController();
  #status: GetStatus = { kind: "looking", sinceMs: Date.now() };
  #metainfo: Metainfo | undefined;
  #progress: FileProgress | undefined;
  #chosen: FileChoice;
  #session: TorrentSession | undefined;
  #store: KeptStore | undefined;
  #presence: Presence | undefined;
  /** For another tab to be done with it. */
  #isWaiting = false;

  constructor(link: ShareLink, linkText: string, context: TaskContext) {
    this.infoHash = link.infoHash;
    this.#link = link;
    this.#context = context;
    this.#storage = new GetStorage(link.infoHash, linkText, context.world);
  }

  get isBegun(): boolean {
    return this.#storage.isBegun || this.#session !== undefined;
  }

  /** True while its numbers change by themselves. */
  get isActive(): boolean {
    return this.#session !== undefined || this.#status.kind === "looking" || this.#status.kind === "checking";
  }

  /** Finds out what the link leads to. */
  look(): Promise<void> {
    return this.#turns.take(async () => {
      this.#become({ kind: "looking", sinceMs: Date.now() });
      const onUnknown = (): void => this.#become({ kind: "unknown" });
      this.#describe(await lookUp(this.#link, this.#context, onUnknown, this.#end.signal));
      this.#become({ kind: "found" });
      void this.askPresence();
    });
  }

  /** Takes up what was begun before a reload: shown, and to be resumed; what was complete helps again. */
  recall(record: RememberedGet, metainfo: Metainfo): Promise<void> {
    this.#describe(metainfo);
    this.#become({ kind: "checking" });
    return this.#turns.take(async () => {
      this.#storage.recall(metainfo, record);
      this.#chosen = this.#storage.chosen;
      if (await this.#storage.isTaken()) {
        this.#waitForTurn();
        return;
      }
      this.#progress?.reset(await this.#storage.present(metainfo));
      if (record.state === "helping") await this.#start();
      else if (record.state === "kept") this.#become({ kind: "done", isHelping: false });
      else this.#become({ kind: record.state === "paused" ? "paused" : "interrupted" });
    });
  }

  /** Begins, or changes what is chosen. */
  get(select: readonly number[] | undefined): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#metainfo === undefined) return;
      const chosen = choiceOf(this.#metainfo, select ?? this.#link.select);
      assertSafeNames(this.#metainfo, "posix");
      this.#chosen = chosen;
      // At once: what was complete is so no more.
      this.#become({ kind: "checking" });
      await this.#stopSession();
      await this.#start();
    });
  }

  pause(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#metainfo === undefined || this.#session === undefined || this.#status.kind === "done") return;
      await this.#stopSession();
      await this.#storage.remember(this.#metainfo, "paused");
      this.#storage.release();
      this.#become({ kind: "paused" });
    });
  }

  /** Goes on from wherever it stands; what could not be found out is asked for again. */
  resume(): Promise<void> {
    if (this.#metainfo === undefined && this.#status.kind === "failed") return this.look();
    return this.#turns.take(async () => {
      if (this.#session === undefined) await this.#start();
    });
  }

  stopHelping(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#metainfo === undefined || this.#status.kind !== "done") return;
      await this.#stopSession();
      await this.#storage.remember(this.#metainfo, "kept");
      this.#storage.release();
      this.#become({ kind: "done", isHelping: false });
    });
  }

  /** Ends it and deletes what has come. Never rejects. */
  async discard(): Promise<void> {
    this.#end.abort(new ShoalError("aborted", "It was discarded"));
    await this.#turns.take(async () => {
      await this.#stopSession();
      await this.#storage.discard();
    });
  }

  /** Nobody looks at it, and nothing was begun. Never rejects. */
  async forget(): Promise<void> {
    this.#end.abort(new ShoalError("aborted", "Nobody looks at it any more"));
    await this.#turns.take(() => this.#stopSession());
  }

  /** Hands what is complete to `save`, with its store open. Rejects with ShoalError "disk" when it is not, and as `save` does. */
  async withStore<T>(save: (options: SaveOptions) => Promise<T>): Promise<T> {
    const metainfo = this.#metainfo;
    if (metainfo === undefined || this.#status.kind !== "done") throw new ShoalError("disk", "It is not here whole");
    const chosen = this.#chosen;
    if (this.#store !== undefined) return await save({ metainfo, chosen, store: this.#store });
    const store = await this.#storage.open(metainfo);
    try {
      return await save({ metainfo, chosen, store });
    } finally {
      await store.close();
    }
  }

  /** Asks the hub who is there, for a share whose swarm is not joined. Never rejects. */
  async askPresence(): Promise<void> {
    if (this.#session !== undefined || this.#status.kind !== "found") return;
    try {
      this.#presence = await this.#context.catalogue.presence(this.infoHash, this.#end.signal);
      this.#context.onChange(false);
    } catch {
      // Asked again before long; that the hub is away is shown by its own line.
    }
  }

  item(): GetItem {
    const view = this.#session?.view;
    this.#history.noteDownloaded(view?.downloaded ?? 0);
    const trackers = this.#session?.trackers ?? [];
    const leftShare = view === undefined || view.chosenBytes === 0 ? 1 : 1 - view.doneBytes / view.chosenBytes;
    return stateOfGet({
      infoHash: this.infoHash,
      status: this.#status,
      linkName: this.#link.name,
      metainfo: this.#metainfo,
      progress: this.#progress,
      chosen: this.#chosen,
      view,
      presence: presenceOf(trackers) ?? this.#presence,
      lastMovedMs: this.#history.lastMovedMs,
      isWatched: this.isWatched,
      why: () => this.#history.why(this.#session, view, leftShare, this.#context),
      pieceMap: () => this.#progress && mapOf(this.#progress, this.#sources, this.#session),
      sources: () => this.#sources.list(),
      nowMs: Date.now(),
    });
  }

  #describe(metainfo: Metainfo): void {
    this.#metainfo = metainfo;
    this.#progress = new FileProgress(metainfo);
  }

  /** The claim first, storage then, peers last. */
  async #start(): Promise<void> {
    const metainfo = this.#metainfo;
    if (metainfo === undefined) return;
    if (!(await this.#storage.claim())) {
      this.#waitForTurn();
      return;
    }
    this.#become({ kind: "checking" });
    await this.#context.searches.ended(this.infoHash);
    await this.#storage.prepare(metainfo, this.#chosen, this.#progress ?? new FileProgress(metainfo));
    this.#history.noteMoved();
    const session = this.#context.client.add({
      source: metainfo,
      select: () => asIndexes(this.#chosen),
      openStore: async () => (this.#store = await this.#storage.open(metainfo)),
      announcesEarly: true,
      ...waysTo(this.#context, this.#link),
    });
    this.#session = session;
    session.on((event) => this.#onEvent(session, event));
  }

  #onEvent(session: TorrentSession, event: SessionEvent): void {
    if (session !== this.#session) return;
    switch (event.kind) {
      case "opened":
        this.#recount(session);
        if (session.view.state === "seeding") void this.#complete(session);
        else this.#become({ kind: "running" });
        return;
      case "piece":
        this.#onPiece(event);
        return;
      case "complete":
        void this.#complete(session);
        return;
      case "peer":
        if (event.change === "closed") this.#history.noteParting(event.label, event.reason);
        return;
      case "warning":
        this.#recount(session);
        return;
      case "failed":
        void this.#turns.take(() => Promise.reject(event.error));
        return;
      default:
        this.#context.onChange(false);
    }
  }

  #onPiece({ piece, from }: Extract<SessionEvent, { kind: "piece" }>): void {
    this.#progress?.add(piece);
    this.#history.notePiece();
    if (from !== undefined) this.#sources.note(piece, from, () => this.#labelOf(from));
  }

  #labelOf(id: PeerId): string {
    return hostOf(this.#session?.view.peers.find(({ peerId }) => peerId === id)?.label ?? "");
  }

  /** From what the session holds: pieces may have been found rotten. */
  #recount(session: TorrentSession): void {
    const { heldPieces } = session;
    if (heldPieces !== undefined) {
      this.#progress?.reset(Bitfield.fromWire(heldPieces, this.#progress.held.size));
    }
  }

  #complete(session: TorrentSession): Promise<void> {
    return this.#turns.take(async () => {
      if (session !== this.#session || this.#metainfo === undefined) return;
      await this.#store?.flush();
      await this.#storage.remember(this.#metainfo, "helping");
      this.#become({ kind: "done", isHelping: true });
    });
  }

  /** Another tab has it: this one goes on where that one ends. */
  #waitForTurn(): void {
    const message = "Another tab of this browser is at it; this one goes on when that one is closed";
    this.#become({ kind: "failed", trouble: { code: "busy-elsewhere", message } });
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const wasBegun = this.#storage.isBegun;
    this.#storage
      .waitForClaim(this.#end.signal)
      .then(() => this.#turns.take(() => this.#onTurn(wasBegun)))
      .catch(() => undefined)
      .finally(() => (this.#isWaiting = false));
  }

  async #onTurn(wasBegun: boolean): Promise<void> {
    if (this.#end.signal.aborted) this.#storage.release();
    if (this.#end.signal.aborted || this.#session !== undefined) return;
    if (!wasBegun || (await this.#storage.isRemembered())) {
      await this.#start();
      return;
    }
    // The other tab has discarded it.
    this.#storage.forget();
    this.#storage.release();
    if (this.#metainfo !== undefined) this.#describe(this.#metainfo);
    this.#become({ kind: "found" });
  }

  async #stopSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
    this.#store = undefined;
  }

  #become(status: GetStatus): void {
    this.#status = status;
    this.#context.onChange(true);
  }

  async #fail(error: unknown): Promise<void> {
    if (!this.#end.signal.aborted) this.#become({ kind: "failed", trouble: troubleOf(error) });
    await this.#stopSession();
    this.#storage.release();
  }
}
