import type { InfoHash } from "@shoal/peer-core/torrent";
import type { ShareDetails } from "../lib/catalogue-entry.js";
import type { HubApi, HubTrouble } from "../lib/hub-api.js";
import { whileVisible } from "./while-visible.js";

/** What is known of the share that a link opened; `trouble` beside details: these are from before. */
export type ShareState =
  | { readonly kind: "loading" }
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly trouble: HubTrouble }
  | { readonly kind: "found"; readonly details: ShareDetails; readonly trouble: HubTrouble | undefined };

/** How often who has it is asked for again. */
const REFRESH_MS = 10_000;
/** The answer holds every file: of a share with many it is asked for less often. */
const MANY_FILES = 500;
const MANY_FILES_REFRESH_MS = 60_000;
const RETRY_MS = 4_000;

/** One share of the catalogue, kept fresh until it is stopped. */
export class OpenedShare {
  readonly infoHash: InfoHash;
  readonly #hub: HubApi;
  #state = $state.raw<ShareState>({ kind: "loading" });
  #stopRefresh: (() => void) | undefined;

  constructor(hub: HubApi, infoHash: InfoHash) {
    this.#hub = hub;
    this.infoHash = infoHash;
  }

  get state(): ShareState {
    return this.#state;
  }

  start(): void {
    this.#stopRefresh = whileVisible(
      (signal) => this.#refresh(signal),
      (succeeded) => (succeeded ? this.#refreshMs() : RETRY_MS),
    );
  }

  stop(): void {
    this.#stopRefresh?.();
  }

  /** Asks again at once. */
  retry(): void {
    this.stop();
    this.start();
  }

  async #refresh(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#hub.share(this.infoHash, signal);
    this.#state = this.#after(answer);
    return answer.kind !== "trouble";
  }

  #refreshMs(): number {
    const fileCount = this.#state.kind === "found" ? this.#state.details.files.length : 0;
    return fileCount > MANY_FILES ? MANY_FILES_REFRESH_MS : REFRESH_MS;
  }

  #after(answer: Awaited<ReturnType<HubApi["share"]>>): ShareState {
    if (answer.kind === "answer") return { kind: "found", details: answer.value, trouble: undefined };
    if (answer.kind === "unknown") return { kind: "unknown" };
    const { trouble } = answer;
    return this.#state.kind === "found" ? { ...this.#state, trouble } : { kind: "failed", trouble };
  }
}
