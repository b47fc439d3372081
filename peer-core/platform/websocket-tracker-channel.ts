import { encodeRequest, parseTrackerMessage, peerIdOf, toWireId } from "../src/announce/protocol.js";
import type { AnnounceAnswer, FailureMessage, ToldPeer, TrackerMessage, WireId } from "../src/announce/protocol.js";
import { ShoalError, messageOf } from "../src/base/errors.js";
import type { InfoHash } from "../src/base/ids.js";
import type { Clock } from "../src/ports/runtime.js";
import type {
  AnnounceReply,
  AnnounceRequest,
  HeldPieces,
  ScrapeReply,
  TrackerChannel,
  TrackerPeer,
  TrackerWatcher,
} from "../src/ports/tracker-channel.js";
import type { SocketOpeners } from "./open-websocket.js";
import { HaveReports } from "./websocket-tracker-channel-haves.js";
import { WebSocketTrackerLine, type TrackerLine, type TrackerLineEvents } from "./websocket-tracker-channel-line.js";
import { PendingRequests } from "./websocket-tracker-channel-requests.js";

/** From the call to the reply, connecting included. */
const REPLY_TIMEOUT_MS = 15_000;
/** Time that the tracker has to answer a close. */
const CLOSE_TIMEOUT_MS = 1_000;

export interface WebSocketTrackerChannelOptions extends SocketOpeners {
  readonly clock: Clock;
  /** Default 15,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * A line to the tracker at `url` (ws:// or wss://), opened at the first announce, and again at the next one after it was
 * lost. What was reported by `have` is lost with it: report everything again when the swarm has been announced anew.
 */
export function createWebSocketTrackerChannel(url: string, options: WebSocketTrackerChannelOptions): TrackerChannel {
  const { clock, timeoutMs } = options;
  const openLine = (events: TrackerLineEvents): TrackerLine =>
    new WebSocketTrackerLine(url, { clock, openers: options }, events);
  return createTrackerChannel(url, { clock, timeoutMs, openLine });
}

export interface TrackerChannelOptions {
  readonly clock: Clock;
  /** Default 15,000. */
  readonly timeoutMs?: number | undefined;
  /** Starts to open a line. Throws for a URL that the platform refuses. */
  readonly openLine: (events: TrackerLineEvents) => TrackerLine;
}

/** The same over lines of another kind. */
export function createTrackerChannel(url: string, options: TrackerChannelOptions): TrackerChannel {
  return new LineTrackerChannel(url, options);
}

class LineTrackerChannel implements TrackerChannel {
  readonly url: string;
  readonly #clock: Clock;
  readonly #openLine: TrackerChannelOptions["openLine"];
  readonly #timeoutMs: number;
  readonly #requests: PendingRequests;
  readonly #haves: HaveReports;
  readonly #watchers = new Map<WireId, Set<TrackerWatcher>>();
  /** Swarms that the tracker has us in, by this line. */
  readonly #joined = new Set<WireId>();
  #line: TrackerLine | undefined = undefined;
  #isClosed = false;

  constructor(url: string, { clock, timeoutMs, openLine }: TrackerChannelOptions) {
    this.url = url;
    this.#clock = clock;
    this.#openLine = openLine;
    this.#timeoutMs = timeoutMs ?? REPLY_TIMEOUT_MS;
    this.#requests = new PendingRequests(clock);
    this.#haves = new HaveReports(clock, (infoHash, pieces) => {
      this.#line?.send(encodeRequest({ type: "have", infoHash, pieces }));
    });
  }

  get address(): string | undefined {
    return this.#line?.address;
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const infoHash = toWireId(request.infoHash);
    const { uploaded, downloaded, left, event, numWant, port, endpoint, isRelay = false } = request;
    const text = encodeRequest({
      type: "announce",
      infoHash,
      peerId: toWireId(request.peerId),
      uploaded,
      downloaded,
      left,
      event,
      numWant,
      offers: undefined,
      port,
      endpoint,
      isRelay,
      wantsNotice: true,
    });
    if (event === "stopped") this.#leave(infoHash);
    const answer = await this.#ask<AnnounceAnswer>(`announce ${infoHash}`, text, signal, () => {
      if (event !== "stopped") this.#join(infoHash);
    });
    const peers = this.#resolvePeers(answer.peers).filter(({ peerId }) => peerId !== request.peerId);
    const relays = this.#resolveRelays(answer.relays);
    return {
      intervalSeconds: answer.intervalSeconds,
      seeds: answer.complete,
      leeches: answer.incomplete,
      peers,
      relays,
    };
  }

  async scrape(infoHash: InfoHash, signal: AbortSignal): Promise<ScrapeReply> {
    const wanted = toWireId(infoHash);
    const text = encodeRequest({ type: "scrape", infoHashes: [wanted] });
    return this.#ask<ScrapeReply>(`scrape ${wanted}`, text, signal, () => undefined);
  }

  have(infoHash: InfoHash, pieces: HeldPieces): void {
    if (!this.#isClosed) this.#haves.add(toWireId(infoHash), pieces);
  }

  watch(infoHash: InfoHash, watcher: TrackerWatcher): () => void {
    const key = toWireId(infoHash);
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const line = this.#line;
    this.#line = undefined;
    this.#haves.close();
    this.#requests.rejectAll(this.#error("was closed"));
    await line?.close(CLOSE_TIMEOUT_MS);
  }

  #ask<T>(key: string, text: string, signal: AbortSignal, onReply: () => void): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#error("was closed"));
    if (signal.aborted) return Promise.reject(new ShoalError("aborted", "The announce was given up"));
    const askedAt = this.#clock.now();
    let line: TrackerLine;
    try {
      line = this.#line ??= this.#open();
    } catch (cause) {
      return Promise.reject(this.#error(`cannot be reached: ${messageOf(cause)}`, cause));
    }
    const timeoutMs = this.#timeoutMs;
    const onTimeout = (): ShoalError => {
      const error = this.#error(`did not answer within ${timeoutMs / 1000} s`);
      // Nothing at all since then: the line is dead, and the next announce deserves a new one.
      if (line.heardAt <= askedAt) line.fail(error);
      return error;
    };
    const reply = this.#requests.wait<T>({ key, timeoutMs, signal, onReply, onTimeout });
    line.send(text);
    return reply;
  }

  #open(): TrackerLine {
    const line: TrackerLine = this.#openLine({
      onText: (text) => this.#onText(line, text),
      onClosed: (error) => this.#onLost(error),
    });
    return line;
  }

  #onText(line: TrackerLine, text: string): void {
    try {
      const message = parseTrackerMessage(text);
      if (message !== undefined) this.#onMessage(line, message);
    } catch (cause) {
      line.fail(this.#error(`answered nonsense: ${messageOf(cause)}`, cause));
    }
  }

  #onMessage(line: TrackerLine, message: TrackerMessage): void {
    switch (message.type) {
      case "announce":
        // Late, for a request that was given up: what it says about peers is as good as ever.
        if (!this.#requests.resolve(`announce ${message.infoHash}`, message))
          this.#tell(message.infoHash, message.peers);
        return;
      case "peers":
        this.#tell(message.infoHash, message.peers);
        this.#tellRelays(message.infoHash, message.relays);
        return;
      case "scrape":
        for (const { infoHash, complete, incomplete, downloaded } of message.files) {
          const reply: ScrapeReply = { seeds: complete, leeches: incomplete, completed: downloaded };
          this.#requests.resolve(`scrape ${infoHash}`, reply);
        }
        return;
      case "failure":
        this.#onFailure(line, message);
        return;
      case "ping":
        line.onPingAnswered();
        return;
      case "offer":
      case "answer":
        return;
    }
  }

  #onFailure(line: TrackerLine, { infoHash, action, reason }: FailureMessage): void {
    const error = this.#error(`says: ${reason}`);
    if (infoHash !== undefined) {
      this.#requests.reject(`${action === "scrape" ? "scrape" : "announce"} ${infoHash}`, error);
      return;
    }
    // A tracker that does not know pings says so without naming what it means.
    if (!line.onPingAnswered()) this.#requests.reject(undefined, error);
  }

  #onLost(error: ShoalError): void {
    this.#line = undefined;
    this.#haves.onLost();
    const left = [...this.#joined];
    this.#joined.clear();
    this.#requests.rejectAll(error);
    for (const infoHash of left) for (const watcher of [...(this.#watchers.get(infoHash) ?? [])]) watcher.onLost();
  }

  #join(infoHash: WireId): void {
    this.#joined.add(infoHash);
    this.#haves.onRegistered(infoHash);
  }

  #leave(infoHash: WireId): void {
    this.#joined.delete(infoHash);
    this.#haves.forget(infoHash);
  }

  #tell(infoHash: WireId, told: readonly ToldPeer[]): void {
    const peers = this.#resolvePeers(told);
    if (peers.length === 0) return;
    for (const watcher of [...(this.#watchers.get(infoHash) ?? [])]) watcher.onPeers(peers);
  }

  #tellRelays(infoHash: WireId, told: readonly string[]): void {
    const relays = this.#resolveRelays(told);
    if (relays.length === 0) return;
    for (const watcher of [...(this.#watchers.get(infoHash) ?? [])]) watcher.onRelays?.(relays);
  }

  #resolveRelays(told: readonly string[]): readonly string[] {
    return told.map((relay) => this.#resolve(relay)).filter((relay) => relay !== undefined);
  }

  #resolvePeers(told: readonly ToldPeer[]): readonly TrackerPeer[] {
    const peers: TrackerPeer[] = [];
    for (const { peerId, endpoint } of told) {
      const resolved = this.#resolve(endpoint);
      if (resolved !== undefined) peers.push({ peerId: peerIdOf(peerId), endpoint: resolved });
    }
    return peers;
  }

  /** The endpoint as an absolute URL of a kind that peers have; relative ones lead to where the tracker is. */
  #resolve(endpoint: string): string | undefined {
    if (!URL.canParse(endpoint, this.url)) return undefined;
    const { href, protocol } = new URL(endpoint, this.url);
    return protocol === "ws:" || protocol === "wss:" || protocol === "tcp:" ? href : undefined;
  }

  #error(what: string, cause?: unknown): ShoalError {
    return new ShoalError("tracker", `Tracker ${this.url} ${what}`, { cause });
  }
}
