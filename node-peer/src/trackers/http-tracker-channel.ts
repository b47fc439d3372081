import {
  ShoalError,
  type AnnounceReply,
  type AnnounceRequest,
  type InfoHash,
  type Random,
  type ScrapeReply,
  type TrackerChannel,
} from "@shoal/peer-core";
import { toHex } from "@shoal/peer-core/torrent";
import { httpAnnounceUrl, httpScrapeUrl } from "./http-announce-url.js";
import { httpGet, type HttpAnswer } from "./http-get.js";
import { isTrackerReply, parseHttpAnnounceReply, parseHttpScrapeReply } from "./http-tracker-reply.js";
import { OpenRequests } from "./open-requests.js";
import { trackerError } from "./tracker-refusal.js";
import { LONGEST_RETRY_MS } from "./tracker-patience.js";
import { trackerLabel } from "./tracker-label.js";

/** From the call to the whole reply: public trackers are slow. */
const REPLY_TIMEOUT_MS = 30_000;
const KEY_BYTES = 4;

export interface HttpTrackerOptions {
  readonly random: Random;
  readonly userAgent: string;
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** The tracker at `url` (http:// or https://) over HTTP (BEP 3, 7, 23, 48); it knows no held pieces and tells nothing unasked. */
export function createHttpTrackerChannel(url: string, options: HttpTrackerOptions): TrackerChannel {
  return new HttpTrackerChannel(url, options);
}

class HttpTrackerChannel implements TrackerChannel {
  readonly url: string;
  readonly longestRetryMs = LONGEST_RETRY_MS;
  readonly #tracker: URL;
  readonly #options: HttpTrackerOptions;
  readonly #key: string;
  readonly #label: string;
  readonly #requests: OpenRequests;
  /** What the tracker gave us to say, by swarm. */
  readonly #trackerIds = new Map<InfoHash, Uint8Array>();
  #address: string | undefined = undefined;

  constructor(url: string, options: HttpTrackerOptions) {
    this.url = url;
    this.#tracker = new URL(url);
    this.#options = options;
    this.#key = toHex(options.random.bytes(KEY_BYTES));
    this.#label = trackerLabel(url);
    this.#requests = new OpenRequests(this.#label);
  }

  get address(): string | undefined {
    return this.#address;
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const { infoHash, event, numWant, peerId } = request;
    const trackerId = this.#trackerIds.get(infoHash);
    const url = httpAnnounceUrl(this.#tracker, request, { key: this.#key, trackerId });
    const answer = await this.#get(url, signal, parseHttpAnnounceReply);
    if (event === "stopped") this.#trackerIds.delete(infoHash);
    else if (answer.trackerId !== undefined) this.#trackerIds.set(infoHash, answer.trackerId);
    const others = answer.reply.peers.filter((peer) => peer.peerId !== peerId);
    return { ...answer.reply, peers: others.slice(0, numWant) };
  }

  async scrape(infoHash: InfoHash, signal: AbortSignal): Promise<ScrapeReply> {
    const url = httpScrapeUrl(this.#tracker, infoHash);
    if (url === undefined) throw trackerError(this.#label, new ShoalError("tracker", "has no scrape"));
    return await this.#get(url, signal, (body) => parseHttpScrapeReply(body, infoHash));
  }

  have(): void {
    // Other people's trackers keep no record of pieces.
  }

  watch(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    this.#trackerIds.clear();
    await this.#requests.close();
  }

  async #get<T>(url: URL, signal: AbortSignal, parse: (body: Uint8Array) => T): Promise<T> {
    const { userAgent, timeoutMs = REPLY_TIMEOUT_MS } = this.#options;
    return await this.#requests.run(signal, timeoutMs, async (ending) => {
      const answer = await httpGet(url, { userAgent, signal: ending });
      this.#address = answer.address;
      return parse(bodyOf(answer));
    });
  }
}

/** Some trackers give their failure reason a status of its own. */
function bodyOf({ status, body, retryAfterMs }: HttpAnswer): Uint8Array {
  if (status === 200 || isTrackerReply(body)) return body;
  throw new ShoalError("tracker", `answered with HTTP status ${status}`, { retryAfterMs });
}
