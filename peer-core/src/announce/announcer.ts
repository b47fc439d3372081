import { backoffMs } from "../base/backoff.js";
import { isShoalError, messageOf, ShoalError } from "../base/errors.js";
import type { InfoHash, PeerId } from "../base/ids.js";
import type { Runtime, Timer } from "../ports/runtime.js";
import type {
  AnnounceEvent,
  AnnounceReply,
  HeldPieces,
  TrackerChannel,
  TrackerPeer,
} from "../ports/tracker-channel.js";
import { failuresOf, nextAnnouncerState, type AnnouncerInput, type AnnouncerState } from "./announcer-state.js";

/** What is told of this peer at the moment of an announce. */
export interface AnnouncedStatus {
  readonly uploaded: number;
  readonly downloaded: number;
  /** Undefined before the metainfo is known. */
  readonly left: number | undefined;
  readonly port: number | undefined;
  readonly endpoint: string | undefined;
  readonly isRelay: boolean;
  /** All pieces held; undefined before the metainfo is known. */
  readonly held: HeldPieces | undefined;
}

export interface AnnouncerHost {
  status(): AnnouncedStatus;
  onPeers(peers: readonly TrackerPeer[]): void;
  /** Relays that the tracker names, best first, in place of those that it named before. */
  onRelays(url: string, relays: readonly string[]): void;
  onAnswer(url: string, reply: AnnounceReply): void;
  onError(url: string, error: ShoalError): void;
  /** The tracker warns of something, or of something else than last time. */
  onWarning(url: string, message: string): void;
}

export interface AnnouncerOptions {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly runtime: Runtime;
  readonly channel: TrackerChannel;
  readonly host: AnnouncerHost;
}

/** How an announcer stands, for people. */
export interface AnnouncerView {
  readonly url: string;
  readonly state: AnnouncerState["kind"];
  readonly seeds: number | undefined;
  readonly leeches: number | undefined;
  readonly error: ShoalError | undefined;
}

const NUM_WANT = 50;
const SHORTEST_INTERVAL_S = 10;
const LONGEST_INTERVAL_S = 3_600;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** A tracker that wants to be left alone for ever may have changed its mind by then. */
const LONGEST_REFUSAL_MS = 24 * 3_600_000;
/** A farewell may not hold up the exit for longer. */
const FAREWELL_MS = 3_000;

/** Keeps one swarm announced at one tracker, for as long as it runs. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #abort = new AbortController();
  readonly #unwatch: () => void;
  #state: AnnouncerState = { kind: "idle" };
  #timer: Timer | undefined;
  /** Told with the next announce that gets through. */
  #event: AnnounceEvent | undefined = "started";
  #again = false;
  #isRegistered = false;
  #reply: AnnounceReply | undefined;
  #error: ShoalError | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#unwatch = options.channel.watch(options.infoHash, {
      onPeers: (peers) => options.host.onPeers(peers),
      onRelays: (relays) => options.host.onRelays(this.url, relays),
      onLost: () => this.#onLost(),
    });
  }

  get url(): string {
    return this.#options.channel.url;
  }

  get view(): AnnouncerView {
    const { url } = this;
    return {
      url,
      state: this.#state.kind,
      seeds: this.#reply?.seeds,
      leeches: this.#reply?.leeches,
      error: this.#error,
    };
  }

  /** Announces now, or again as soon as the one under way is through. */
  announce(event?: AnnounceEvent): void {
    if (this.#state.kind === "stopped") return;
    // "started" must get through first; once it is under way, what follows it is told next.
    const isStarting = this.#event === "started" && this.#state.kind !== "announcing";
    if (event !== undefined && !isStarting) this.#event = event;
    if (this.#state.kind === "announcing") this.#again = true;
    else void this.#announce();
  }

  /** Tells which pieces have come; the tracker learns the whole picture with every new registration anyway. */
  have(pieces: HeldPieces): void {
    if (this.#isRegistered) this.#options.channel.have(this.#options.infoHash, pieces);
  }

  /** Says goodbye where the tracker knows of us; never rejects, and takes three seconds at most. */
  async stop(): Promise<void> {
    if (this.#state.kind === "stopped") return;
    // An announce under way may have arrived already.
    const mayBeKnown = this.#isRegistered || this.#state.kind === "announcing";
    this.#timer?.cancel();
    this.#unwatch();
    this.#move({ kind: "stop" });
    this.#abort.abort();
    if (!mayBeKnown) return;
    const farewell = new AbortController();
    const timer = this.#options.runtime.clock.schedule(FAREWELL_MS, () => farewell.abort());
    await this.#options.channel.announce(this.#request("stopped"), farewell.signal).catch(() => undefined);
    timer.cancel();
  }

  async #announce(): Promise<void> {
    this.#timer?.cancel();
    this.#move({ kind: "announce" });
    const { channel, host } = this.#options;
    const event = this.#event;
    try {
      const reply = await channel.announce(this.#request(event), this.#abort.signal);
      if (this.#isStopped()) return;
      if (this.#event === event) this.#event = undefined;
      this.#onReply(reply);
    } catch (error) {
      if (this.#isStopped()) return;
      const known = isShoalError(error) ? error : new ShoalError("tracker", messageOf(error), { cause: error });
      this.#onFailure(known);
      host.onError(this.url, known);
    }
  }

  #onReply(reply: AnnounceReply): void {
    const { channel, host, infoHash } = this.#options;
    const warned = this.#reply?.warning;
    this.#reply = reply;
    this.#error = undefined;
    this.#isRegistered = true;
    const seconds = Math.min(LONGEST_INTERVAL_S, Math.max(SHORTEST_INTERVAL_S, reply.intervalSeconds));
    this.#move({ kind: "answered", until: this.#now() + seconds * 1_000 });
    this.#schedule(seconds * 1_000);
    const { held } = host.status();
    if (held !== undefined) channel.have(infoHash, held);
    host.onPeers(reply.peers);
    host.onRelays(this.url, reply.relays);
    host.onAnswer(this.url, reply);
    if (reply.warning !== undefined && reply.warning !== warned) host.onWarning(this.url, reply.warning);
    if (!this.#again) return;
    this.#again = false;
    this.announce();
  }

  #onFailure(error: ShoalError): void {
    const { channel, runtime } = this.#options;
    this.#error = error;
    this.#again = false;
    this.#isRegistered = false;
    this.#event = "started";
    const longestMs = channel.longestRetryMs ?? LONGEST_RETRY_MS;
    const ownMs = backoffMs(failuresOf(this.#state) + 1, runtime.random, FIRST_RETRY_MS, longestMs);
    const waitMs = Math.max(ownMs, Math.min(error.retryAfterMs ?? 0, LONGEST_REFUSAL_MS));
    this.#move({ kind: "failed", until: this.#now() + waitMs });
    this.#schedule(waitMs);
  }

  /** The tracker takes a lost line for a farewell: back in as soon as it answers. */
  #onLost(): void {
    if (this.#state.kind !== "waiting") return;
    this.#timer?.cancel();
    this.#onFailure(new ShoalError("tracker", "The line to the tracker was lost"));
  }

  #request(event: AnnounceEvent | undefined) {
    const { infoHash, peerId, host } = this.#options;
    const { uploaded, downloaded, left, port, endpoint, isRelay } = host.status();
    return {
      infoHash,
      peerId,
      uploaded,
      downloaded,
      left,
      port,
      endpoint,
      isRelay,
      event,
      numWant: event === "stopped" ? 0 : NUM_WANT,
    };
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#options.runtime.clock.schedule(delayMs, () => void this.#announce());
  }

  #move(input: AnnouncerInput): void {
    this.#state = nextAnnouncerState(this.#state, input);
  }

  #isStopped(): boolean {
    return this.#state.kind === "stopped";
  }

  #now(): number {
    return this.#options.runtime.clock.now();
  }
}
