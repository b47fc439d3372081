import type { InfoHash } from "@shoal/peer-core/torrent";
import { parseCataloguePage, parseHubDescription, parseShareDetails } from "./catalogue-entry.js";
import type { CataloguePage, ShareDetails } from "./catalogue-entry.js";
import type { HubDescription } from "./hub-address.js";
import { AnswerError } from "./json-fields.js";

/** Why the hub gave no answer that can be shown. */
export type HubTrouble = "unreachable" | "busy" | "odd" | "too-long" | "closed";

export type HubAnswer<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "unknown" }
  | { readonly kind: "trouble"; readonly trouble: HubTrouble };

/** An answer slower than this is none. */
const TIMEOUT_MS = 15_000;

/** The hub's HTTP interface (docs/tracker-api.md) as far as this page needs it. Aborting rejects; nothing else does. */
export class HubApi {
  readonly #base: string;

  /** `base`: the page's URL, ending in "/". */
  constructor(base: string) {
    this.#base = base;
  }

  /** Searchable shares that have all words of `query`, newest first; all for an empty one. */
  search(query: string, cursor: string | undefined, signal: AbortSignal): Promise<HubAnswer<CataloguePage>> {
    const fields = new URLSearchParams({ q: query, ...(cursor === undefined ? {} : { cursor }) });
    return this.#get(`api/torrents?${fields.toString()}`, parseCataloguePage, signal);
  }

  /** One share with its files. */
  share(infoHash: InfoHash, signal: AbortSignal): Promise<HubAnswer<ShareDetails>> {
    return this.#get(`api/torrents/${infoHash}`, parseShareDetails, signal);
  }

  /** Where this hub is reached. */
  describe(signal: AbortSignal): Promise<HubAnswer<HubDescription>> {
    return this.#get("api/hub", parseHubDescription, signal);
  }

  async #get<T>(path: string, parse: (json: unknown) => T, signal: AbortSignal): Promise<HubAnswer<T>> {
    try {
      const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await fetch(new URL(path, this.#base), { signal: either, credentials: "omit" });
      if (response.status === 404) return { kind: "unknown" };
      if (!response.ok) return { kind: "trouble", trouble: troubleOf(response.status) };
      const json: unknown = await response.json();
      return { kind: "answer", value: parse(json) };
    } catch (error) {
      signal.throwIfAborted();
      const isOdd = error instanceof AnswerError || error instanceof SyntaxError;
      return { kind: "trouble", trouble: isOdd ? "odd" : "unreachable" };
    }
  }
}

function troubleOf(status: number): HubTrouble {
  if (status === 400) return "too-long";
  if (status === 401 || status === 403) return "closed";
  return status === 429 || status === 503 ? "busy" : "unreachable";
}
