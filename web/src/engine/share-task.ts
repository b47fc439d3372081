import type { SessionEvent, TorrentSession } from "@shoal/peer-core";
import { createMetainfo, equalBytes, hashPieces, isShoalError, ShoalError } from "@shoal/peer-core/torrent";
import type { InfoHash, Metainfo } from "@shoal/peer-core/torrent";
import { FileSeedStore } from "./file-seed-store.js";
import { hashPicked } from "./hash-picked.js";
import type { EngineCommand, PickedFile, ShareItem } from "./messages.js";
import { contentFor, contentOf, type PickedContent } from "./picked-content.js";
import { publishUntilHeard } from "./publish.js";
import type { RememberedShare } from "./remembered-work.js";
import type { Claim } from "./share-claims.js";
import { stateOfShare } from "./state-of-share.js";
import { presenceOf, waysTo, type TaskContext } from "./task-context.js";
import { TaskTurns } from "./task-turns.js";
import { troubleOf } from "./trouble.js";

export type ShareCommand = Extract<EngineCommand, { type: "share" }>;

/** Makes room for a share of this content; returns the token of the one that gave way, where it had one. */
export type ReplaceShare = (infoHash: InfoHash) => string | undefined;

/** A share's own facts, before and after its info-hash is known. */
interface Described {
  readonly id: string;
  readonly name: string;
  readonly isListed: boolean;
  readonly size: number;
  readonly fileCount: number;
  readonly handles: readonly FileSystemHandle[];
}

/** One share of picked files: hashing → publishing → sharing; any → failed; after a reload needs-files → hashing → … */
export class ShareTask {
  isWatched = false;
  readonly #context: TaskContext;
  readonly #described: Described;
  readonly #turns = new TaskTurns((error) => this.#fail(error));
  /** Fires when nobody wants the task any more. */
  readonly #end = new AbortController();
  #state: ShareItem["state"];
  #metainfo: Metainfo | undefined;
  #ownerToken: string | undefined;
  #session: TorrentSession | undefined;
  #claim: Claim | undefined;

  private constructor(described: Described, state: ShareItem["state"], context: TaskContext) {
    this.#described = described;
    this.#state = state;
    this.#context = context;
  }

  /**
   * Hashes the files of the command and shares them. `replace` is told once what they turn out to be: a share of the same
   * content from before a reload gives way, and the token that withdraws it is returned.
   */
  static begin(command: ShareCommand, context: TaskContext, replace: ReplaceShare): ShareTask {
    const { id, name, isListed, files, handles = [] } = command;
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    const described = { id, name, isListed, size, fileCount: files.length, handles };
    const task = new ShareTask(described, { kind: "hashing", doneBytes: 0, bytesPerSecond: 0 }, context);
    void task.#turns.take(() => task.#create(command, replace));
    return task;
  }

  /** A share from before a reload: its files have to be picked again. */
  static recall(record: RememberedShare, metainfo: Metainfo, context: TaskContext): ShareTask {
    const { id, isListed, handles } = record;
    const files = metainfo.files.filter(({ padding }) => !padding);
    const size = files.reduce((sum, { length }) => sum + length, 0);
    const described = { id, name: metainfo.name, isListed, size, fileCount: files.length, handles };
    const task = new ShareTask(described, { kind: "needs-files", canGrant: handles.length > 0 }, context);
    task.#metainfo = metainfo;
    task.#ownerToken = record.ownerToken;
    return task;
  }

  get id(): string {
    return this.#described.id;
  }

  get infoHash(): InfoHash | undefined {
    return this.#metainfo?.infoHash;
  }

  get ownerToken(): string | undefined {
    return this.#ownerToken;
  }

  get isActive(): boolean {
    return this.#session !== undefined || this.#state.kind === "hashing";
  }

  /** The same files again: checked by size and hash, then shared under the same link. */
  refile(files: readonly PickedFile[]): Promise<void> {
    return this.#turns.take(async () => {
      const metainfo = this.#metainfo;
      if (metainfo === undefined || this.#session !== undefined) return;
      const content = await this.#check(metainfo, files);
      if (content !== undefined) await this.#share(metainfo, content);
    });
  }

  /** Ends it; what was listed is taken off the list. Never rejects. */
  async stop(): Promise<void> {
    this.#end.abort(new ShoalError("aborted", "Sharing was stopped"));
    await this.#turns.take(async () => {
      await this.#stopSession();
      const { infoHash } = this;
      if (infoHash === undefined) return;
      await this.#context.world.remembered.forget("share", infoHash);
      if (this.#ownerToken !== undefined) await this.#context.catalogue.withdraw(infoHash, this.#ownerToken);
    });
  }

  item(): ShareItem {
    const { id, name, size, fileCount, isListed } = this.#described;
    return stateOfShare({
      id,
      infoHash: this.infoHash,
      name,
      size,
      fileCount,
      isListed,
      state: this.#state,
      view: this.#session?.view,
      presence: presenceOf(this.#session?.trackers ?? []),
      isWatched: this.isWatched,
      nowMs: Date.now(),
    });
  }

  async #create({ name, isFolder, files }: ShareCommand, replace: ReplaceShare): Promise<void> {
    const content = contentOf(files);
    const metainfo = await hashPicked(content, this.#hashOptions(), (files, options) =>
      createMetainfo({ name, files, isMultiFile: isFolder, ...options }),
    );
    this.#ownerToken = replace(metainfo.infoHash);
    this.#metainfo = metainfo;
    await this.#share(metainfo, content);
  }

  /** Undefined, and said so, when the files are not those of the share. */
  async #check(metainfo: Metainfo, files: readonly PickedFile[]): Promise<PickedContent | undefined> {
    try {
      const content = contentFor(metainfo, files);
      const hashes = await hashPicked(content, this.#hashOptions(), (...sources) => hashPieces(metainfo, ...sources));
      if (equalBytes(hashes, metainfo.pieceHashes)) return content;
      throw new ShoalError("source", "The files have the right sizes and another content");
    } catch (error) {
      if (!isShoalError(error, "source")) throw error;
      this.#become({ kind: "failed", trouble: { code: "wrong-files", message: error.message } });
      return undefined;
    }
  }

  /** Said at once, then with each piece. */
  #hashOptions() {
    const startedMs = performance.now();
    this.#become({ kind: "hashing", doneBytes: 0, bytesPerSecond: 0 });
    const onProgress = (doneBytes: number): void => {
      const seconds = Math.max(0.001, (performance.now() - startedMs) / 1_000);
      this.#state = { kind: "hashing", doneBytes, bytesPerSecond: doneBytes / seconds };
      this.#context.onChange(false);
    };
    return { hasher: this.#context.world.runtime.hasher, onProgress, signal: this.#end.signal };
  }

  async #share(metainfo: Metainfo, content: PickedContent): Promise<void> {
    if (this.#context.client.get(metainfo.infoHash) !== undefined) {
      throw new ShoalError("exists", "The same content is shared or got in this tab already");
    }
    this.#claim = await this.#context.world.claims.take(metainfo.infoHash);
    if (this.#claim === undefined) {
      const message = "Another tab of this browser shares it; this one goes on when that one is closed";
      this.#become({ kind: "failed", trouble: { code: "busy-elsewhere", message } });
      this.#claim = await this.#context.world.claims.wait(metainfo.infoHash, this.#end.signal);
    }
    this.#become({ kind: "publishing" });
    const { catalogue } = this.#context;
    const token = await publishUntilHeard(catalogue, metainfo, this.#described.isListed, this.#end.signal);
    this.#ownerToken = token ?? this.#ownerToken;
    await this.#remember(metainfo);
    this.#end.signal.throwIfAborted();
    const session = this.#context.client.add({
      source: metainfo,
      openStore: () => Promise.resolve(new FileSeedStore(metainfo.geometry, content.blob)),
      ...waysTo(this.#context),
    });
    this.#session = session;
    session.on((event) => this.#onEvent(session, event));
  }

  #onEvent(session: TorrentSession, event: SessionEvent): void {
    if (session !== this.#session) return;
    if (event.kind === "opened") this.#become({ kind: "sharing" });
    else if (event.kind === "failed") void this.#turns.take(() => Promise.reject(event.error));
    else this.#context.onChange(false);
  }

  async #remember({ infoHash, infoBytes }: Metainfo): Promise<void> {
    const { id, isListed, handles } = this.#described;
    const { remembered } = this.#context.world;
    const record = { kind: "share", infoHash, infoBytes, id, isListed, ownerToken: this.#ownerToken } as const;
    try {
      await remembered.put({ ...record, handles });
    } catch {
      // Not every browser stores handles: then the files are picked again.
      await remembered.put({ ...record, handles: [] });
    }
  }

  async #stopSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
    this.#claim?.release();
    this.#claim = undefined;
  }

  #become(state: ShareItem["state"]): void {
    this.#state = state;
    this.#context.onChange(true);
  }

  async #fail(error: unknown): Promise<void> {
    if (!this.#end.signal.aborted) this.#become({ kind: "failed", trouble: troubleOf(error) });
    await this.#stopSession();
  }
}
