import type { Metainfo, PieceStore } from "@shoal/peer-core";
import { MemoryTracker, type MemoryHostOptions } from "@shoal/peer-core/testing";
import { lowerBoundSeconds, type CrowdLines, type Line } from "./crowd-bound.js";
import { addRelay, type SimulatedRelay } from "./simulated-relay.js";
import { Simulation, type SimulatedPeer } from "./simulated-swarm.js";

export interface CrowdOptions extends CrowdLines {
  readonly seed: number;
  /** Bytes of the share. */
  readonly length: number;
  readonly pieceLength?: number;
  /** One way, between any two. */
  readonly latencyMs: number;
}

/** How a share came to a crowd. */
export interface CrowdResult {
  /** From the start to the last peer's completion. */
  readonly seconds: number;
  /** Nobody can be faster. */
  readonly boundSeconds: number;
  /** When each peer completed, in the order of joining. */
  readonly finishedSeconds: readonly number[];
  /** The longest that each peer went without another piece, from its joining to its completion. */
  readonly longestWaitSeconds: readonly number[];
  /** Payload that the source sent, in shares. */
  readonly sourceShares: number;
  /** Payload that the peers received, in shares for each: 1 when nothing came twice. */
  readonly receivedShares: number;
}

/** Gives up after so many times the bound. */
const LIMIT = 20;
/** As many as a tracker names. */
const KNOWN_PEERS = 50;
/** After which the views of all peers show what they have sent. */
const VIEW_MS = 2_000;

/** Lets one source give a share to a crowd over simulated lines; throws when they do not get there. */
export async function simulateCrowd(options: CrowdOptions): Promise<CrowdResult> {
  const simulation = await Simulation.create(options);
  const crowd = new Crowd(simulation, options);
  await crowd.join();
  const boundSeconds = lowerBoundSeconds(options.length, options);
  const finishedSeconds = await crowd.finish(LIMIT * boundSeconds);
  await simulation.clock.advance(VIEW_MS);
  const sent = crowd.source.session.view.uploaded;
  const received = crowd.peers.reduce((sum, { session }) => sum + session.view.downloaded, 0);
  await crowd.close();
  return {
    seconds: Math.max(...finishedSeconds),
    boundSeconds,
    finishedSeconds,
    longestWaitSeconds: crowd.longestWaits(),
    sourceShares: sent / options.length,
    receivedShares: received / options.length / options.peers.length,
  };
}

/** A source, those who want what it has, and the relays between them where there are any. */
class Crowd {
  readonly source: SimulatedPeer;
  readonly peers: SimulatedPeer[] = [];
  readonly #simulation: Simulation;
  readonly #options: CrowdOptions;
  readonly #relays: readonly SimulatedRelay[];
  readonly #finished = new Map<SimulatedPeer, number>();
  readonly #waits = new Map<SimulatedPeer, { since: number; longest: number }>();

  constructor(simulation: Simulation, options: CrowdOptions) {
    this.#simulation = simulation;
    this.#options = options;
    const relays = options.relays ?? [];
    const quotaBytes = 2 * options.length;
    // Relays hear of each other as in life: from a tracker.
    const tracker = new MemoryTracker({ clock: simulation.clock, random: simulation.random });
    this.#relays = relays.map((line, index) => {
      const name = `relay${index}`;
      return addRelay(simulation, name, { ...this.#hostOf(line), quotaBytes, tracker: tracker.channel(name) });
    });
    this.source = this.#add("source", options.source, 0);
  }

  /** Everybody joins, each in their time. */
  async join(): Promise<void> {
    const joining = this.#options.peers.map((line, index) => ({ line, index, at: line.joinsAtSeconds ?? 0 }));
    for (const { line, index, at } of joining.sort((a, b) => a.at - b.at)) {
      await this.#simulation.clock.advance(Math.max(0, at * 1_000 - this.#simulation.clock.now()));
      const peer = this.#add(`peer${index}`, line, index);
      this.#watch(peer);
      this.peers.push(peer);
      if (at > 0) this.#introduce(peer);
    }
    // Those who come together learn of each other, as by a tracker that wakes them.
    for (const peer of this.peers) this.#introduce(peer);
  }

  /** When each peer had everything, in seconds. */
  async finish(limitSeconds: number): Promise<readonly number[]> {
    const { peers } = this;
    const isDone = () => this.#finished.size === peers.length;
    if (!(await this.#simulation.clock.runUntil(isDone, limitSeconds * 1_000)))
      throw new Error(`${peers.length - this.#finished.size} of ${peers.length} peers did not get everything`);
    return peers.map((peer) => this.#finished.get(peer) ?? NaN);
  }

  /** How long each peer went without another piece at most, in seconds. */
  longestWaits(): readonly number[] {
    return this.peers.map((peer) => this.#waits.get(peer)?.longest ?? NaN);
  }

  async close(): Promise<void> {
    await this.#simulation.clock.settle(Promise.all(this.#relays.map(({ client }) => client.close())));
    await this.#simulation.close();
  }

  #watch(peer: SimulatedPeer): void {
    const seconds = () => this.#simulation.clock.now() / 1_000;
    const wait = { since: seconds(), longest: 0 };
    this.#waits.set(peer, wait);
    peer.session.on(({ kind }) => {
      if (kind === "complete") this.#finished.set(peer, seconds());
      if (kind !== "piece") return;
      wait.longest = Math.max(wait.longest, seconds() - wait.since);
      wait.since = seconds();
    });
  }

  #hostOf({ up, down }: Line): MemoryHostOptions {
    return { upBytesPerSecond: up, downBytesPerSecond: down, latencyMs: this.#options.latencyMs / 2 };
  }

  #add(name: string, line: Line, index: number): SimulatedPeer {
    const simulation = this.#simulation;
    // Everybody has another relay that is the first to go to.
    const relays = this.#relays.map((_, at, all) => all[(at + index) % all.length]?.address ?? "");
    return simulation.add(name, {
      ...this.#hostOf(line),
      dialable: relays.length === 0,
      limits: { up: line.gives ?? 0, down: 0 },
      share: {
        relays,
        openStore: (metainfo) => Promise.resolve(sharedStore(metainfo, simulation.content, name === "source")),
      },
    });
  }

  #introduce(peer: SimulatedPeer): void {
    if (this.#relays.length > 0) return;
    const others = this.peers.filter((other) => other !== peer);
    // Drawn by lot, as by a tracker.
    const known = [this.source];
    while (known.length < KNOWN_PEERS && others.length > 0)
      known.push(...others.splice(this.#simulation.random.int(others.length), 1));
    peer.session.addEndpoints(known.map(({ address }) => address));
  }
}

/** Where all keep the same bytes, once: a hundred copies would not fit. What is written has been verified. */
function sharedStore({ geometry }: Metainfo, content: Uint8Array, isComplete: boolean): PieceStore {
  const done = () => Promise.resolve();
  return {
    present: () => new Uint8Array(geometry.pieceCount).fill(isComplete ? 1 : 0),
    read: (piece, begin, into) => {
      const offset = geometry.pieceOffset(piece) + begin;
      into.set(content.subarray(offset, offset + into.length));
      return done();
    },
    write: done,
    flush: done,
    remove: done,
    close: done,
  };
}
