import { Bitfield, type InfoHash, type Metainfo } from "@shoal/peer-core/torrent";
import type { FileProgress } from "./file-progress.js";
import { asIndexes, bytesOf, choiceOf, isMore, union, type FileChoice } from "./get-choice.js";
import type { KeptShare, KeptStore } from "./kept-store.js";
import type { RememberedGet, RememberedState } from "./remembered-work.js";
import type { Claim } from "./share-claims.js";
import { assertRoom } from "./storage-room.js";
import type { TaskContext } from "./task-context.js";

/** What is kept of one get in this browser, and this tab's hold on it. All but `isTaken` wants the claim. */
export class GetStorage {
  readonly #infoHash: InfoHash;
  readonly #linkText: string;
  readonly #world: TaskContext["world"];
  readonly #sealed = new Set<number>();
  #chosen: FileChoice;
  #kept: FileChoice;
  #isBegun = false;
  #claim: Claim | undefined;

  constructor(infoHash: InfoHash, linkText: string, world: TaskContext["world"]) {
    this.#infoHash = infoHash;
    this.#linkText = linkText;
    this.#world = world;
  }

  /** Something of it is, or may be, in storage. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  get chosen(): FileChoice {
    return this.#chosen;
  }

  /** Whether a tab is at it. */
  isTaken(): Promise<boolean> {
    return this.#world.claims.isTaken(this.#infoHash);
  }

  /** True when this tab has it from now on. */
  async claim(): Promise<boolean> {
    this.#claim ??= await this.#world.claims.take(this.#infoHash);
    return this.#claim !== undefined;
  }

  /** Resolves when this tab has it. Rejects when `signal` fires. */
  async waitForClaim(signal: AbortSignal): Promise<void> {
    const claim = await this.#world.claims.wait(this.#infoHash, signal);
    if (this.#claim === undefined) this.#claim = claim;
    else claim.release();
  }

  release(): void {
    this.#claim?.release();
    this.#claim = undefined;
  }

  /** Takes up what was remembered. Throws ShoalError "link" for a choice that does not fit. */
  recall(metainfo: Metainfo, { chosen, kept }: RememberedGet): void {
    this.#chosen = choiceOf(metainfo, chosen);
    this.#kept = choiceOf(metainfo, kept);
    this.#isBegun = true;
  }

  /**
   * Makes ready for these files, and finds out how much of them is there. What is kept only ever grows: files that are
   * not wanted any more stay until all is discarded. What another tab has kept meanwhile counts, too. Rejects with
   * ShoalError "disk-full" before anything is begun, and with "disk".
   */
  async prepare(metainfo: Metainfo, chosen: FileChoice, progress: FileProgress): Promise<void> {
    const record = await this.#record();
    this.#isBegun = record !== undefined;
    if (record !== undefined) {
      this.#kept = choiceOf(metainfo, record.kept);
      progress.reset(await this.present(metainfo));
    }
    const kept = record === undefined ? chosen : union(this.#kept, chosen);
    await assertRoom(bytesOf(metainfo, kept) - progress.totalBytes);
    // What the record says and what lies in storage never contradict each other: the latter forgets first.
    if (this.#isBegun && isMore(kept, this.#kept)) await this.#world.place.forgetBorder(this.#share(metainfo));
    this.#chosen = chosen;
    this.#kept = kept;
    await this.remember(metainfo, "running");
    this.#isBegun = true;
  }

  /** True while another tab, or this one, has not discarded it. */
  async isRemembered(): Promise<boolean> {
    return (await this.#record()) !== undefined;
  }

  open(metainfo: Metainfo): Promise<KeptStore> {
    return this.#world.place.open(this.#share(metainfo));
  }

  /** The pieces that are there. */
  async present(metainfo: Metainfo): Promise<Bitfield> {
    const store = await this.open(metainfo);
    try {
      return Bitfield.fromFlags(store.present());
    } finally {
      await store.close();
    }
  }

  async remember({ infoBytes }: Metainfo, state: RememberedState): Promise<void> {
    await this.#world.remembered.put({
      kind: "get",
      infoHash: this.#infoHash,
      infoBytes,
      link: this.#linkText,
      chosen: asIndexes(this.#chosen),
      kept: asIndexes(this.#kept),
      state,
    });
  }

  /** Deletes all of it, unless another tab is at it. */
  async discard(): Promise<void> {
    if (!(await this.claim())) return;
    await this.#world.place.discard(this.#infoHash);
    await this.#world.remembered.forget("get", this.#infoHash);
    this.forget();
    this.release();
  }

  /** Nothing of it is there any more. */
  forget(): void {
    this.#isBegun = false;
    this.#sealed.clear();
    this.#chosen = this.#kept = undefined;
  }

  async #record(): Promise<RememberedGet | undefined> {
    const record = await this.#world.remembered.get("get", this.#infoHash);
    return record?.kind === "get" ? record : undefined;
  }

  #share(metainfo: Metainfo): KeptShare {
    return { metainfo, kept: this.#kept, sealed: this.#sealed };
  }
}
