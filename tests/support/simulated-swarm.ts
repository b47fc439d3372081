import { createHash } from "node:crypto";
import {
  Client,
  createMetainfo,
  equalBytes,
  type Connection,
  type Dialer,
  type InfoHash,
  type Metainfo,
  type PieceStore,
  type RangeSource,
  type Runtime,
  type SessionEvent,
  type ShareOptions,
  type SourceFile,
  type TorrentSession,
  type TrackerChannel,
} from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { createMicrotaskHasher, MemoryNetwork, seededRandom, VirtualClock } from "@shoal/peer-core/testing";
import type { MemoryHost, MemoryHostOptions, SeededRandom } from "@shoal/peer-core/testing";

export interface SimulationOptions {
  readonly seed: number;
  /** Bytes of the one share. */
  readonly length: number;
  readonly pieceLength?: number;
  /** Streams are cut and merged at random. */
  readonly cut?: boolean;
  /** Lengths of its files, `length` in all; one file when left out. */
  readonly fileLengths?: readonly number[];
}

export interface SimulatedPeerOptions extends MemoryHostOptions {
  /** Pieces held from the start: all, none, or those for which this holds. */
  readonly has?: "all" | "none" | ((piece: number) => boolean);
  /** A piece that it holds with a wrong byte in it. */
  readonly rottenPiece?: number;
  /** Its storage is what it was, as files of the user's are. */
  readonly isReadOnly?: boolean;
  /** Bytes for which its storage has room. */
  readonly maxBytes?: number;
  /** It listens at this port of its address, for TCP and WebSockets alike, and not at "mem://NAME". */
  readonly listenPort?: number;
  /** False: nobody can dial it. */
  readonly dialable?: boolean;
  /** False: it knows the info-hash alone. */
  readonly knowsMetainfo?: boolean;
  readonly tracker?: TrackerChannel;
  readonly share?: Partial<ShareOptions>;
  /** Where its web seeds are fetched from. */
  readonly ranges?: RangeSource;
  readonly limits?: { readonly up: number; readonly down: number };
}

/** One peer of ours on the simulated network, with the bytes that its store really holds. */
export interface SimulatedPeer {
  readonly name: string;
  readonly host: MemoryHost;
  readonly client: Client;
  readonly session: TorrentSession;
  readonly store: () => PieceStore | undefined;
  /** Pieces read from its storage, one entry for each read. */
  readonly reads: readonly number[];
  /** Everything that its session has told. */
  readonly events: readonly SessionEvent[];
  readonly address: string;
}

/** A share, a network, and peers added to it one by one; every event goes into the trace. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly runtime: Runtime;
  readonly content: Uint8Array;
  readonly peers: SimulatedPeer[] = [];
  readonly metainfo: Metainfo;
  readonly #trace = createHash("sha256");

  private constructor(options: SimulationOptions, random: SeededRandom, content: Uint8Array, metainfo: Metainfo) {
    this.random = random;
    this.content = content;
    this.metainfo = metainfo;
    this.network = new MemoryNetwork({ clock: this.clock, random, cut: options.cut });
    this.runtime = { clock: this.clock, random, hasher: createMicrotaskHasher() };
  }

  static async create(options: SimulationOptions): Promise<Simulation> {
    const random = seededRandom(options.seed);
    const content = random.bytes(options.length);
    const files = sourceFiles(content, options.fileLengths ?? [content.length]);
    const hasher = createMicrotaskHasher();
    const { pieceLength } = options;
    const isMultiFile = options.fileLengths !== undefined;
    const metainfo = await createMetainfo({ name: "share", files, isMultiFile, pieceLength, hasher });
    return new Simulation(options, random, content, metainfo);
  }

  get infoHash(): InfoHash {
    return this.metainfo.infoHash;
  }

  /** Adds a peer; it starts at once. */
  add(name: string, options: SimulatedPeerOptions = {}): SimulatedPeer {
    const host = this.network.host(name, options);
    const { listenPort } = options;
    const address = listenPort === undefined ? `mem://${name}` : `tcp://${host.ipAddress}:${listenPort}`;
    const dialable = options.dialable ?? true;
    const client = new Client({
      runtime: this.runtime,
      dialer: dialerOf(host),
      ranges: options.ranges,
      openTracker: () => options.tracker,
      clientName: "Shoal simulation",
      listen: !dialable ? {} : listenPort === undefined ? { endpoint: address } : { port: listenPort },
      limits: options.limits,
    });
    if (dialable) host.listen(address, (connection: Connection) => client.accept(connection));
    let store: PieceStore | undefined;
    const reads: number[] = [];
    const session = client.add({
      source: (options.knowsMetainfo ?? true) ? this.metainfo : this.infoHash,
      openStore: (metainfo) => {
        store = this.#storeFor(metainfo, options);
        return Promise.resolve(countingReads(store, reads));
      },
      trackers: options.tracker === undefined ? [] : [[options.tracker.url]],
      ...options.share,
    });
    const events: SessionEvent[] = [];
    session.on((event) => {
      events.push(event);
      const detail =
        event.kind === "piece" ? event.piece : event.kind === "peer" ? `${event.label} ${event.change}` : "";
      this.#trace.update(`${this.clock.now().toFixed(3)} ${name} ${event.kind} ${detail}\n`);
    });
    const peer = { name, host, client, session, store: () => store, reads, events, address };
    this.peers.push(peer);
    return peer;
  }

  /** Every peer learns of every dialable one. */
  introduceAll(): void {
    const addresses = this.peers.map((peer) => peer.address);
    for (const peer of this.peers) peer.session.addEndpoints(addresses.filter((address) => address !== peer.address));
  }

  /** True when all of `peers` came to hold everything within `limitMs` of virtual time. */
  allComplete(peers: readonly SimulatedPeer[], limitMs: number): Promise<boolean> {
    return this.clock.runUntil(() => peers.every((peer) => peer.session.view.state === "seeding"), limitMs);
  }

  /** True when a peer's store holds the share, byte for byte. */
  async holdsEverything(peer: SimulatedPeer): Promise<boolean> {
    const { geometry } = this.metainfo;
    const bytes = new Uint8Array(geometry.length);
    for (const piece of geometry.pieces()) {
      const offset = geometry.pieceOffset(piece);
      const into = bytes.subarray(offset, offset + geometry.pieceSize(piece));
      await this.clock.settle(peer.store()!.read(piece, 0, into));
    }
    return equalBytes(bytes, this.content);
  }

  /** Stops every peer and lets what is under way on the network arrive or die. */
  async close(): Promise<void> {
    await this.clock.settle(Promise.all(this.peers.map((peer) => peer.client.close())));
    await this.clock.advance(60_000);
  }

  /** SHA-256 over everything that happened, with its time. */
  traceHash(): string {
    return this.#trace.copy().digest("hex");
  }

  #storeFor(metainfo: Metainfo, options: SimulatedPeerOptions): PieceStore {
    const { geometry } = metainfo;
    const { has = "none", rottenPiece, maxBytes } = options;
    const holds = has === "all" ? () => true : has === "none" ? () => false : has;
    const pieces = [...geometry.pieces()].filter(holds).map((piece): [number, Uint8Array] => {
      const offset = geometry.pieceOffset(piece);
      const bytes = this.content.slice(offset, offset + geometry.pieceSize(piece));
      if (piece === rottenPiece) bytes[0] = (bytes[0] ?? 0) ^ 1;
      return [piece, bytes];
    });
    const store = createMemoryPieceStore({ pieceCount: geometry.pieceCount, pieces: new Map(pieces), maxBytes });
    return Object.assign(store, { isReadOnly: options.isReadOnly });
  }
}

/** Dials mem:// addresses, and the two ways through a port that `listenPort` opens. */
export function dialerOf(host: MemoryHost): Dialer {
  return {
    canDial: (address) => /^(mem|tcp|ws):/.test(address),
    dial: (address, signal) => {
      const door = /^ws:\/\/(.+)\/peer$/.exec(address)?.[1];
      return host.dialer.dial(door === undefined ? address : `tcp://${door}`, signal);
    },
  };
}

function countingReads(store: PieceStore, reads: number[]): PieceStore {
  return {
    isReadOnly: store.isReadOnly,
    present: () => store.present(),
    read: (piece, begin, into) => {
      reads.push(piece);
      return store.read(piece, begin, into);
    },
    write: (piece, data) =>
      store.isReadOnly === true ? Promise.reject(new Error("It is read-only")) : store.write(piece, data),
    flush: () => store.flush(),
    remove: (piece) => store.remove(piece),
    close: () => store.close(),
  };
}

/** Files of these lengths, one after the other in `content`. */
function sourceFiles(content: Uint8Array, lengths: readonly number[]): SourceFile[] {
  let offset = 0;
  return lengths.map((length, index) => {
    const bytes = content.subarray(offset, (offset += length));
    const read = (position: number, into: Uint8Array) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    };
    return { path: [`${index}.bin`], length, read };
  });
}
