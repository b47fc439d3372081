import { Announcer, type AnnouncedStatus } from "../announce/announcer.js";
import { isPrivateHost } from "../base/host-scope.js";
import type { InfoHash } from "../base/ids.js";
import type { AnnounceEvent, HeldPieces, TrackerPeer } from "../ports/tracker-channel.js";
import { waysThroughDoor } from "../swarm/members/door.js";
import type { Swarm } from "../swarm/swarm.js";
import type { ClientContext } from "./client-context.js";
import type { SessionEvent, TrackerView } from "./share-options.js";

export interface ShareAnnouncersParts {
  readonly infoHash: InfoHash;
  readonly context: ClientContext;
  readonly swarm: Swarm;
  readonly isRelay: boolean;
  /** Bytes of the share, where they are known before storage is open. */
  readonly length: () => number | undefined;
  readonly emit: (event: SessionEvent) => void;
}

/** Keeps one share announced at its trackers, and passes on to the swarm what they say. */
export class ShareAnnouncers {
  readonly #parts: ShareAnnouncersParts;
  readonly #announcers: Announcer[] = [];

  constructor(parts: ShareAnnouncersParts) {
    this.#parts = parts;
  }

  get views(): readonly TrackerView[] {
    return this.#announcers.map((announcer) => announcer.view);
  }

  /** Adds trackers, each once; nothing is said to them yet. */
  use(urls: Iterable<string>): void {
    for (const url of new Set(urls)) this.#use(url);
  }

  announce(event?: AnnounceEvent): void {
    for (const announcer of this.#announcers) announcer.announce(event);
  }

  /** Tells which pieces have come. */
  have(pieces: HeldPieces): void {
    for (const announcer of this.#announcers) announcer.have(pieces);
  }

  /** Tells of all pieces that are held, once storage is open. */
  tellHeld(): void {
    const held = this.#held();
    if (held !== undefined) this.have(held);
  }

  /** Says goodbye and gives the lines back. Never rejects. */
  async stop(): Promise<void> {
    await Promise.all(this.#announcers.map((announcer) => announcer.stop()));
    for (const announcer of this.#announcers) this.#parts.context.releaseTracker(announcer.url);
  }

  /** The share has failed: says goodbye, and keeps the lines until `stop`. */
  end(): void {
    for (const announcer of this.#announcers) void announcer.stop();
  }

  #use(url: string): void {
    const { infoHash, context, swarm, emit } = this.#parts;
    const { peerId, runtime } = context;
    const channel = context.useTracker(url);
    if (channel === undefined) return;
    // A tracker of this machine or its network may name peers there, any other may not.
    const isTrusted = () => isPrivateHost(channel.address ?? new URL(url).hostname);
    const announcer = new Announcer({
      infoHash,
      peerId,
      runtime,
      channel,
      host: {
        status: () => this.#status(),
        onPeers: (peers) => swarm.addPeers(peers.flatMap(allWays), isTrusted()),
        onRelays: (tracker, relays) => swarm.addRelays(tracker, relays, isTrusted()),
        onAnswer: (tracker, reply) => emit({ kind: "announced", tracker, peers: reply.peers.length }),
        onError: (tracker, error) => emit({ kind: "tracker-error", tracker, error }),
        onWarning: (tracker, message) => emit({ kind: "tracker-warning", tracker, message }),
      },
    });
    this.#announcers.push(announcer);
  }

  #status(): AnnouncedStatus {
    const { context, swarm, isRelay, length } = this.#parts;
    const { content } = swarm;
    const { port, endpoint } = context.listen();
    const progress = content?.progress;
    return {
      uploaded: content?.upload.meter.total ?? 0,
      downloaded: content?.download.meter.total ?? 0,
      left: progress === undefined ? length() : progress.chosenBytes - progress.doneBytes,
      port,
      endpoint,
      isRelay,
      held: this.#held(),
    };
  }

  #held(): HeldPieces | undefined {
    const have = this.#parts.swarm.content?.table.have;
    if (have === undefined) return undefined;
    return have.isFull ? { kind: "all" } : { kind: "bitfield", bytes: have.toWire() };
  }
}

/** A peer under each of its addresses. */
function allWays(peer: TrackerPeer): TrackerPeer[] {
  return waysThroughDoor(peer.endpoint).map((endpoint) => ({ ...peer, endpoint }));
}
