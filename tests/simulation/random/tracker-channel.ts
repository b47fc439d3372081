import { parseTrackerMessage, peerIdOf, toWireId } from "@shoal/peer-core/announce";
import type { AnnounceAnswer, ToldPeer, TrackerMessage, WireId } from "@shoal/peer-core/announce";
import { ShoalError } from "@shoal/peer-core";
import type {
  AnnounceReply,
  AnnounceRequest,
  Clock,
  HeldPieces,
  InfoHash,
  ScrapeReply,
  TrackerChannel,
  TrackerPeer,
  TrackerWatcher,
} from "@shoal/peer-core";
import type { ClientAddress } from "../../../tracker/src/address.js";
import { HaveReports } from "../../../peer-core/platform/websocket-tracker-channel-haves.js";
import type { OpenLine, SimulatedTracker } from "./simulated-tracker.js";

/** As the real channel's. */
const REPLY_TIMEOUT_MS = 15_000;

interface Pending {
  readonly infoHash: WireId;
  resolve(answer: AnnounceAnswer): void;
  reject(error: ShoalError): void;
}

/** A peer's line to a simulated tracker: opened when first used, and again after it was lost. */
export class SimulatedTrackerChannel implements TrackerChannel {
  readonly url: string;
  readonly address: string;
  readonly #tracker: SimulatedTracker;
  readonly #clock: Clock;
  readonly #from: ClientAddress;
  readonly #haves: HaveReports;
  readonly #watchers = new Map<WireId, Set<TrackerWatcher>>();
  readonly #pending = new Set<Pending>();
  #line: OpenLine | undefined;
  #isClosed = false;

  constructor(tracker: SimulatedTracker, clock: Clock, from: ClientAddress, address: string) {
    this.#tracker = tracker;
    this.#clock = clock;
    this.#from = from;
    this.url = tracker.url;
    this.address = address;
    this.#haves = new HaveReports(clock, (infoHash, pieces) => this.#send({ type: "have", infoHash, pieces }));
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const infoHash = toWireId(request.infoHash);
    const { uploaded, downloaded, left, event, numWant, port, endpoint, isRelay = false } = request;
    const ids = { infoHash, peerId: toWireId(request.peerId) };
    const status = { uploaded, downloaded, left, event, numWant, port, endpoint, isRelay, offers: undefined };
    if (event === "stopped") this.#haves.forget(infoHash);
    const reply = this.#wait(infoHash, signal);
    this.#send({ type: "announce", ...ids, ...status, wantsNotice: true });
    const answer = await reply;
    if (event !== "stopped") this.#haves.onRegistered(infoHash);
    const { intervalSeconds, complete, incomplete, relays } = answer;
    return { intervalSeconds, seeds: complete, leeches: incomplete, peers: answer.peers.map(peerOf), relays };
  }

  scrape(): Promise<ScrapeReply> {
    return Promise.reject(new ShoalError("tracker", "No scrapes here"));
  }

  have(infoHash: InfoHash, pieces: HeldPieces): void {
    if (!this.#isClosed) this.#haves.add(toWireId(infoHash), pieces);
  }

  watch(infoHash: InfoHash, watcher: TrackerWatcher): () => void {
    const key = toWireId(infoHash);
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(watcher));
    return () => void watchers.delete(watcher);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#haves.close();
    this.#failAll("The line was closed");
    const line = this.#line;
    this.#line = undefined;
    if (line === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.schedule(this.#tracker.oneWayMs, () => {
        this.#tracker.close(line, false);
        resolve();
      });
    });
  }

  /** The process has died: the tracker finds out at once. */
  vanish(): void {
    if (this.#line !== undefined) this.#tracker.close(this.#line, false);
    this.#line = undefined;
  }

  #send(request: Parameters<SimulatedTracker["receive"]>[1]): void {
    this.#clock.schedule(this.#tracker.oneWayMs, () => {
      const line = this.#isClosed ? this.#line : (this.#line ??= this.#open());
      if (line === undefined) this.#failAll("The tracker cannot be reached");
      else this.#tracker.receive(line, request);
    });
  }

  #open(): OpenLine | undefined {
    const line = this.#tracker.open(this.#from, {
      onText: (text) => this.#clock.schedule(0, () => this.#onMessage(parseTrackerMessage(text))),
      onLost: () => this.#clock.schedule(0, () => this.#onLost(line)),
    });
    return line;
  }

  #onLost(line: OpenLine | undefined): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    this.#haves.onLost();
    this.#failAll("The line was lost");
    for (const watchers of [...this.#watchers.values()]) for (const watcher of [...watchers]) watcher.onLost();
  }

  #onMessage(message: TrackerMessage | undefined): void {
    if (message?.type === "announce") {
      for (const pending of [...this.#pending]) if (pending.infoHash === message.infoHash) pending.resolve(message);
    } else if (message?.type === "failure") this.#failAll(message.reason);
    else if (message?.type === "peers") {
      for (const watcher of [...(this.#watchers.get(message.infoHash) ?? [])]) {
        if (message.peers.length > 0) watcher.onPeers(message.peers.map(peerOf));
        if (message.relays.length > 0) watcher.onRelays?.(message.relays);
      }
    }
  }

  #failAll(message: string): void {
    for (const { reject } of [...this.#pending]) reject(new ShoalError("tracker", message));
  }

  #wait(infoHash: WireId, signal: AbortSignal): Promise<AnnounceAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        if (!this.#pending.delete(pending)) return;
        timeout.cancel();
        signal.removeEventListener("abort", onAbort);
        act();
      };
      const pending: Pending = {
        infoHash,
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      };
      const onAbort = (): void => pending.reject(new ShoalError("aborted", "The answer is no longer wanted"));
      const timeout = this.#clock.schedule(REPLY_TIMEOUT_MS, () =>
        pending.reject(new ShoalError("tracker", "No answer within 15 s")),
      );
      this.#pending.add(pending);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else if (this.#isClosed) pending.reject(new ShoalError("tracker", "The line is closed"));
    });
  }
}

function peerOf({ peerId, endpoint }: ToldPeer): TrackerPeer {
  return { peerId: peerIdOf(peerId), endpoint };
}
