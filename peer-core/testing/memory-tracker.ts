import { ShoalError } from "../src/base/errors.js";
import type { InfoHash, PeerId } from "../src/base/ids.js";
import type { Clock } from "../src/ports/runtime.js";
import type {
  AnnounceReply,
  AnnounceRequest,
  HeldPieces,
  ScrapeReply,
  TrackerChannel,
  TrackerPeer,
} from "../src/ports/tracker-channel.js";
import { MemoryTrackerChannel, type TrackerSwitchboard } from "./memory-tracker-channel.js";
import type { SeededRandom } from "./seeded-random.js";

/** The interval of the real tracker; an announce that is two of them old has expired. */
const INTERVAL_SECONDS = 120;
const EXPIRY_INTERVALS = 2;

/** The most peers that a reply names. */
const MAX_PEERS = 50;

export interface MemoryTrackerOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly url?: string | undefined;
  readonly intervalSeconds?: number | undefined;
  /** One way; 10 when left out. */
  readonly latencyMs?: number | undefined;
}

interface Registration {
  readonly channel: MemoryTrackerChannel;
  readonly endpoint: string | undefined;
  readonly isSeed: boolean;
  readonly isRelay: boolean;
  readonly announcedAt: number;
}

interface Swarm {
  readonly peers: Map<PeerId, Registration>;
  readonly held: Map<string, HeldPieces[]>;
  completed: number;
}

/**
 * A tracker in memory under a virtual clock: registers, expires, names dialable peers when asked and, to who watches,
 * unasked; a relay is told of the other relays of its swarm, and is no peer for others. Can be made to vanish, to refuse and to drop its lines.
 */
export class MemoryTracker {
  readonly url: string;
  /** Endpoints of relays that every reply to a peer that is none names, best first. */
  relays: readonly string[] = [];
  /** While set, every request is answered with this failure reason. */
  failureReason: string | undefined;
  /** Announces that have arrived. */
  announces = 0;
  readonly #options: MemoryTrackerOptions;
  readonly #swarms = new Map<InfoHash, Swarm>();
  readonly #channels = new Set<MemoryTrackerChannel>();
  readonly #switchboard: TrackerSwitchboard;
  #isUp = true;

  constructor(options: MemoryTrackerOptions) {
    this.#options = options;
    this.url = options.url ?? "mem://tracker/announce";
    this.#switchboard = {
      clock: options.clock,
      latencyMs: options.latencyMs ?? 10,
      isUp: () => this.#isUp,
      announce: (channel, request) => this.#announce(channel, request),
      scrape: (infoHash) => this.#scrape(infoHash),
      have: (channel, infoHash, pieces) => this.#have(channel, infoHash, pieces),
      drop: (channel) => this.#drop(channel),
    };
  }

  /** A new line for the peer that is called `label` in `held`. */
  channel(label: string): TrackerChannel {
    const channel = new MemoryTrackerChannel(this.url, label, this.#switchboard);
    this.#channels.add(channel);
    return channel;
  }

  /** Takes the tracker down, which loses all lines, or up again. It remembers no registration. */
  setUp(isUp: boolean): void {
    this.#isUp = isUp;
    if (!isUp) this.loseLines();
  }

  /** Breaks all lines: whoever was registered over them no longer is. */
  loseLines(): void {
    for (const channel of this.#channels) channel.lose();
  }

  /** Ids of the peers registered now, in the order in which they came. */
  peersOf(infoHash: InfoHash): readonly PeerId[] {
    return [...this.#swarm(infoHash).peers.keys()];
  }

  /** What each peer, by label, said that it holds. */
  heldOf(infoHash: InfoHash): ReadonlyMap<string, readonly HeldPieces[]> {
    return this.#swarm(infoHash).held;
  }

  #swarm(infoHash: InfoHash): Swarm {
    const swarm = this.#swarms.get(infoHash) ?? newSwarm();
    this.#swarms.set(infoHash, swarm);
    const oldest = this.#options.clock.now() - EXPIRY_INTERVALS * this.#intervalSeconds * 1000;
    for (const [peerId, { announcedAt }] of swarm.peers) if (announcedAt < oldest) swarm.peers.delete(peerId);
    return swarm;
  }

  get #intervalSeconds(): number {
    return this.#options.intervalSeconds ?? INTERVAL_SECONDS;
  }

  #announce(channel: MemoryTrackerChannel, request: AnnounceRequest): AnnounceReply {
    this.announces++;
    if (this.failureReason !== undefined) throw new ShoalError("tracker", this.failureReason);
    const swarm = this.#swarm(request.infoHash);
    const before = swarm.peers.get(request.peerId);
    if (request.event === "completed") swarm.completed++;
    if (request.event === "stopped") {
      // A late farewell over an old line does not end what a new one began.
      if (before?.channel === channel) swarm.peers.delete(request.peerId);
    } else {
      const { endpoint } = request;
      swarm.peers.set(request.peerId, {
        channel,
        endpoint,
        isSeed: request.left === 0,
        isRelay: request.isRelay === true,
        announcedAt: this.#options.clock.now(),
      });
      if (endpoint !== undefined && before?.endpoint !== endpoint && request.isRelay !== true)
        this.#tellOthers(swarm, request.infoHash, { peerId: request.peerId, endpoint });
    }
    return {
      intervalSeconds: this.#intervalSeconds,
      ...countPeers(swarm),
      peers: this.#choosePeers(swarm, request),
      relays: request.isRelay === true ? otherRelays(swarm, request.peerId) : this.relays,
    };
  }

  #scrape(infoHash: InfoHash): ScrapeReply {
    if (this.failureReason !== undefined) throw new ShoalError("tracker", this.failureReason);
    const swarm = this.#swarm(infoHash);
    return { ...countPeers(swarm), completed: swarm.completed };
  }

  #have(channel: MemoryTrackerChannel, infoHash: InfoHash, pieces: HeldPieces): void {
    const { held } = this.#swarm(infoHash);
    held.set(channel.label, [...(held.get(channel.label) ?? []), pieces]);
  }

  #drop(channel: MemoryTrackerChannel): void {
    for (const { peers } of this.#swarms.values()) {
      for (const [peerId, registration] of peers) if (registration.channel === channel) peers.delete(peerId);
    }
  }

  #tellOthers(swarm: Swarm, infoHash: InfoHash, peer: TrackerPeer): void {
    const told = new Set<MemoryTrackerChannel>();
    for (const [peerId, { channel }] of swarm.peers) if (peerId !== peer.peerId) told.add(channel);
    for (const channel of told) channel.push(infoHash, [peer]);
  }

  #choosePeers(swarm: Swarm, request: AnnounceRequest): readonly TrackerPeer[] {
    if (request.event === "stopped") return [];
    const others: TrackerPeer[] = [];
    for (const [peerId, { endpoint, isRelay }] of swarm.peers) {
      if (endpoint !== undefined && !isRelay && peerId !== request.peerId) others.push({ peerId, endpoint });
    }
    const wanted = Math.min(request.numWant, MAX_PEERS);
    while (others.length > wanted) others.splice(this.#options.random.int(others.length), 1);
    return others;
  }
}

function countPeers({ peers }: Swarm): { seeds: number; leeches: number } {
  let seeds = 0;
  for (const { isSeed } of peers.values()) if (isSeed) seeds++;
  return { seeds, leeches: peers.size - seeds };
}

function otherRelays({ peers }: Swarm, asker: PeerId): readonly string[] {
  const endpoints: string[] = [];
  for (const [peerId, { endpoint, isRelay }] of peers) {
    if (isRelay && peerId !== asker && endpoint !== undefined) endpoints.push(endpoint);
  }
  return endpoints;
}

function newSwarm(): Swarm {
  return { peers: new Map<PeerId, Registration>(), held: new Map<string, HeldPieces[]>(), completed: 0 };
}
