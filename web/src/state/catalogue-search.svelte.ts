import type { CatalogueEntry } from "../lib/catalogue-entry.js";
import type { HubApi, HubTrouble } from "../lib/hub-api.js";
import { whileVisible } from "./while-visible.js";

/** What a search has brought; `trouble` beside entries: these are from before. */
export type SearchState =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly trouble: HubTrouble }
  | {
      readonly kind: "listed";
      readonly entries: readonly CatalogueEntry[];
      readonly cursor: string | undefined;
      readonly trouble: HubTrouble | undefined;
    };

/** The first page is asked for again this often, so that new shares appear. */
const REFRESH_MS = 15_000;
/** After a failure: soon at first, since a hub restarts in seconds. */
const RETRY_MS = 4_000;
/** A page may be empty and not the last: so many are asked for in a row before the person has to. */
const EMPTY_PAGES = 5;

/** One search of the catalogue, kept fresh until it is stopped. */
export class CatalogueSearch {
  readonly query: string;
  readonly #hub: HubApi;
  readonly #aborted = new AbortController();
  #state = $state.raw<SearchState>({ kind: "loading" });
  #isLoadingMore = $state(false);
  #pages = 0;
  #stopRefresh: (() => void) | undefined;

  constructor(hub: HubApi, query: string) {
    this.#hub = hub;
    this.query = query;
  }

  get state(): SearchState {
    return this.#state;
  }

  get isLoadingMore(): boolean {
    return this.#isLoadingMore;
  }

  start(): void {
    this.#stopRefresh = whileVisible(
      (signal) => this.#refresh(signal),
      (succeeded) => (succeeded ? REFRESH_MS : RETRY_MS),
    );
  }

  stop(): void {
    this.#stopRefresh?.();
    this.#aborted.abort();
  }

  /** Asks again at once. */
  retry(): void {
    this.#stopRefresh?.();
    this.start();
  }

  /** Appends the next page. */
  async more(): Promise<void> {
    if (this.#state.kind !== "listed" || this.#state.cursor === undefined || this.#isLoadingMore) return;
    this.#isLoadingMore = true;
    try {
      await this.#append(this.#state.cursor);
    } catch {
      // Only an abort rejects: nobody looks at this search any more.
    } finally {
      this.#isLoadingMore = false;
    }
  }

  async #refresh(signal: AbortSignal): Promise<boolean> {
    // A list that was read on is left alone: it would jump under the reader's eyes.
    if (this.#pages > 1) return true;
    const answer = await this.#hub.search(this.query, undefined, signal);
    if (this.#pages > 1) return true;
    if (answer.kind !== "answer") {
      this.#fail(answer.kind === "trouble" ? answer.trouble : "unreachable");
      return false;
    }
    this.#pages = 1;
    this.#state = { kind: "listed", ...answer.value, trouble: undefined };
    if (answer.value.entries.length === 0 && answer.value.cursor !== undefined) await this.more();
    return true;
  }

  async #append(from: string): Promise<void> {
    let cursor: string | undefined = from;
    for (let page = 0; page < EMPTY_PAGES && cursor !== undefined; page++) {
      const answer = await this.#hub.search(this.query, cursor, this.#aborted.signal);
      if (this.#state.kind !== "listed") return;
      if (answer.kind !== "answer") {
        this.#fail(answer.kind === "trouble" ? answer.trouble : "unreachable");
        return;
      }
      this.#pages += 1;
      cursor = answer.value.cursor;
      this.#state = {
        ...this.#state,
        entries: joined(this.#state.entries, answer.value.entries),
        cursor,
        trouble: undefined,
      };
      if (answer.value.entries.length > 0) return;
    }
  }

  #fail(trouble: HubTrouble): void {
    this.#state = this.#state.kind === "listed" ? { ...this.#state, trouble } : { kind: "failed", trouble };
  }
}

/** Something may have been published between two pages: nothing is listed twice. */
function joined(known: readonly CatalogueEntry[], more: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
  const listed = new Set(known.map(({ infoHash }) => infoHash));
  return [...known, ...more.filter(({ infoHash }) => !listed.has(infoHash))];
}
