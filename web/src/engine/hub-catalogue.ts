import type { Hasher } from "@shoal/peer-core";
import { isShoalError, MAX_METAINFO_BYTES, messageOf, parseTorrentFile, ShoalError } from "@shoal/peer-core/torrent";
import type { InfoHash, Metainfo } from "@shoal/peer-core/torrent";

/** An answer slower than this is none; a large metainfo over a slow line takes longer than a question. */
const ASK_TIMEOUT_MS = 15_000;
const SEND_TIMEOUT_MS = 120_000;

/** As long as tokens of hubs are, many times over. */
const MAX_TOKEN_LENGTH = 256;

/** People in a swarm, as the hub counts them. */
export interface Presence {
  readonly seeds: number;
  readonly leeches: number;
}

/**
 * The hub's catalogue (docs/tracker-api.md) as the engine needs it. Everything rejects with ShoalError "tracker" when
 * the hub gives no answer that helps; `retryAfterMs` is Infinity where asking again is in vain.
 */
export class HubCatalogue {
  readonly #base: string;
  readonly #hasher: Hasher;
  /** Hears after each question whether the hub answered at all. */
  readonly #onAnswer: (isReachable: boolean) => void;

  /** `base`: the page's URL, ending in "/". */
  constructor(base: string, hasher: Hasher, onAnswer: (isReachable: boolean) => void) {
    this.#base = base;
    this.#hasher = hasher;
    this.#onAnswer = onAnswer;
  }

  /** Resolves to the token that withdraws the share again; undefined when the hub knew it already. */
  async publish(metainfo: Metainfo, isListed: boolean, signal: AbortSignal): Promise<string | undefined> {
    const response = await this.#fetch(`api/torrents?searchable=${isListed ? 1 : 0}`, SEND_TIMEOUT_MS, {
      method: "POST",
      headers: { "Content-Type": "application/x-bittorrent" },
      body: new Blob([metainfo.infoBytes as Uint8Array<ArrayBuffer>]),
      signal,
    });
    if (!response.ok) throw await refusal(response);
    const answer = await json(response);
    if (answer.infoHash !== metainfo.infoHash) throw new ShoalError("tracker", "The hub took it for another share");
    const token = answer.ownerToken;
    return typeof token === "string" && token.length <= MAX_TOKEN_LENGTH ? token : undefined;
  }

  /** Takes a share off the hub's list. A share that is not there any more counts as withdrawn. */
  async withdraw(infoHash: InfoHash, token: string): Promise<void> {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await this.#fetch(`api/torrents/${infoHash}`, ASK_TIMEOUT_MS, { method: "DELETE", headers });
    if (!response.ok && response.status !== 404) throw await refusal(response);
  }

  /** The metainfo of a share; undefined when the hub does not know it. */
  async metainfo(infoHash: InfoHash, signal: AbortSignal): Promise<Metainfo | undefined> {
    const response = await this.#fetch(`api/torrents/${infoHash}.torrent`, SEND_TIMEOUT_MS, { signal });
    if (response.status === 404) return undefined;
    if (!response.ok) throw await refusal(response);
    // A .torrent is its info and some URLs.
    const bytes = await boundedBody(response, MAX_METAINFO_BYTES);
    const { metainfo } = await parseTorrentFile(bytes, this.#hasher);
    if (metainfo.infoHash === infoHash) return metainfo;
    throw new ShoalError("metainfo", `The hub answered with the share ${metainfo.infoHash}, not ${infoHash}`);
  }

  /** Who is in the swarm; undefined when the hub does not know the share. */
  async presence(infoHash: InfoHash, signal: AbortSignal): Promise<Presence | undefined> {
    const response = await this.#fetch(`api/torrents/${infoHash}`, ASK_TIMEOUT_MS, { signal });
    if (response.status === 404) return undefined;
    if (!response.ok) throw await refusal(response);
    const { seeds, leeches } = await json(response);
    return { seeds: countOf(seeds), leeches: countOf(leeches) };
  }

  /** Only whether it answers. */
  async knock(signal: AbortSignal): Promise<void> {
    await (await this.#fetch("api/hub", ASK_TIMEOUT_MS, { signal })).body?.cancel();
  }

  async #fetch(path: string, timeoutMs: number, init: RequestInit): Promise<Response> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    try {
      const response = await fetch(new URL(path, this.#base), { ...init, signal, credentials: "omit" });
      this.#onAnswer(true);
      return response;
    } catch (error) {
      if (init.signal?.aborted === true) throw new ShoalError("aborted", "The question was given up", { cause: error });
      this.#onAnswer(false);
      throw new ShoalError("tracker", `The hub does not answer: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Too much asked or a hub in trouble: later again. Anything else: in vain. */
async function refusal(response: Response): Promise<ShoalError> {
  const answer = await json(response).catch(() => undefined);
  const error = answer?.error as { message?: unknown } | undefined;
  const said = typeof error?.message === "string" ? error.message.slice(0, 200) : response.statusText;
  const isTemporary = response.status === 429 || response.status >= 500;
  return new ShoalError("tracker", `The hub says ${response.status}: ${said}`, {
    retryAfterMs: isTemporary ? undefined : Infinity,
  });
}

async function json(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = await response.json();
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new ShoalError("tracker", "The hub's answer was cut short or is no JSON", { cause: error });
  }
  throw new ShoalError("tracker", "The hub's answer is no object");
}

async function boundedBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(response.headers.get("Content-Length") ?? 0);
  if (declared > maxBytes)
    throw new ShoalError("metainfo", `A metainfo has at most ${maxBytes} bytes, not ${declared}`);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (isShoalError(error)) throw error;
    throw new ShoalError("tracker", `The hub's answer was cut short: ${messageOf(error)}`, { cause: error });
  }
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
