import { createHash } from "node:crypto";
import { createMetainfo, type Hasher, type Metainfo } from "@shoal/peer-core";
import { createMicrotaskHasher, MemoryNetwork, seededRandom, VirtualClock } from "@shoal/peer-core/testing";
import type { MemoryHost, MemoryHostOptions, SeededRandom } from "@shoal/peer-core/testing";
import { PEER_PORT } from "./live-process.js";
import { Machine } from "./machine.js";
import type { DiskPlan, PeerPlan, RelayPlan, Scenario, WirePlan } from "./scenario.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedTracker } from "./simulated-tracker.js";
import { Villain } from "./villain.js";

/** Everything that a scenario names, on one clock and one network; every event goes into the trace. */
export class World {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly hasher: Hasher = createMicrotaskHasher();
  readonly network: MemoryNetwork;
  readonly content: Uint8Array;
  readonly metainfo: Metainfo;
  readonly trackers = new Map<string, SimulatedTracker>();
  readonly machines = new Map<string, Machine>();
  readonly villains: Villain[] = [];
  /** What was found to be wrong, in the order in which it was. */
  readonly violations: string[] = [];
  /** All that goes wrong is over: nobody leaves any more. */
  isCalm = false;
  /** While true, what must hold at any moment is looked at. */
  isLooking = true;
  readonly #trace = createHash("sha256");
  readonly #story: ((line: string) => void) | undefined;
  #hostCount = 0;

  private constructor(scenario: Scenario, content: Uint8Array, metainfo: Metainfo, story?: (line: string) => void) {
    this.scenario = scenario;
    this.random = seededRandom(scenario.seed);
    this.content = content;
    this.metainfo = metainfo;
    this.#story = story;
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random.fork(), cut: scenario.cut });
    this.#build();
  }

  /** `story` hears every event, a line each. */
  static async create(scenario: Scenario, story?: (line: string) => void): Promise<World> {
    const { pieceCount, pieceLength, lastPieceBytes } = scenario;
    const content = seededRandom(scenario.seed + 0.5).bytes((pieceCount - 1) * pieceLength + lastPieceBytes);
    const read = (position: number, into: Uint8Array) => {
      const part = content.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    };
    const files = [{ path: ["share"], length: content.length, read }];
    const hasher = createMicrotaskHasher();
    const metainfo = await createMetainfo({ name: "share", files, isMultiFile: false, pieceLength, hasher });
    return new World(scenario, content, metainfo, story);
  }

  urlOf(tracker: string): string {
    return `ws://${tracker}.example/announce`;
  }

  trackerAt(url: string): SimulatedTracker | undefined {
    return this.trackers.get(/^ws:\/\/(.+)\.example\/announce$/.exec(url)?.[1] ?? "");
  }

  note(who: string, what: string): void {
    const line = `${this.clock.now().toFixed(3)} ${who} ${what}`;
    this.#trace.update(`${line}\n`);
    this.#story?.(line);
  }

  /** Something is as it must not be. */
  fail(what: string): void {
    this.violations.push(`${this.clock.now().toFixed(0)} ms: ${what}`);
    this.note("VIOLATION", what);
  }

  /** SHA-256 over all events with their times. */
  traceHash(): string {
    return this.#trace.copy().digest("hex");
  }

  /** The right bytes of a piece. */
  pieceBytes(piece: number): Uint8Array {
    const { pieceLength } = this.scenario;
    return this.content.subarray(piece * pieceLength, (piece + 1) * pieceLength);
  }

  /** A disk has a piece, and other bytes than it should. */
  isWrong(disk: SimulatedDisk, piece: number): boolean {
    const bytes = disk.bytesOf(piece);
    return bytes !== undefined && !isSame(bytes, this.pieceBytes(piece));
  }

  /** A disk has a piece, and its bytes are right. */
  isRight(disk: SimulatedDisk, piece: number): boolean {
    const bytes = disk.bytesOf(piece);
    return bytes !== undefined && isSame(bytes, this.pieceBytes(piece));
  }

  #build(): void {
    const { trackers, relays, peers, villains } = this.scenario;
    const hosts = new Map(relays.map((plan) => [plan.name, this.#host(plan.name, plan.wire)]));
    for (const { name, relays: named } of trackers) {
      const urls = named.flatMap((relay) => {
        const host = hosts.get(relay);
        return host === undefined ? [] : [`ws://${host.ipAddress}:${PEER_PORT}/peer`];
      });
      const host = this.network.host(name, { ipAddress: `30.0.0.${this.trackers.size + 1}`, latencyMs: 10 });
      const { clock, random } = this;
      this.trackers.set(name, new SimulatedTracker({ name, clock, random: random.fork(), host, relays: urls }));
    }
    for (const plan of relays) this.#addRelay(plan, hosts.get(plan.name));
    for (const plan of peers) this.#addPeer(plan);
    for (const plan of villains) this.villains.push(new Villain(this, this.#host(plan.name, plan.wire), plan));
  }

  #addRelay(plan: RelayPlan, host: MemoryHost | undefined): void {
    if (host === undefined) return;
    const quotaBytes = plan.quotaPieces * this.scenario.pieceLength;
    const disk: SimulatedDisk = this.#disk(plan.name, plan.disk, [], {
      proves: (piece, bytes) => isSame(bytes, this.pieceBytes(piece)),
      reserve: (bytes) => {
        if (disk.usedBytes + bytes > quotaBytes) this.fail(`${plan.name} exceeds its quota`);
      },
    });
    this.machines.set(plan.name, new Machine(this, host, disk, { kind: "relay", plan }));
  }

  #addPeer(plan: PeerPlan): void {
    const pieces = Array.from(plan.has.slice(0, this.scenario.pieceCount))
      .flatMap((drawn, piece) => (drawn === "x" ? [piece] : []))
      .map((piece): [number, Uint8Array] => [piece, new Uint8Array(this.pieceBytes(piece))]);
    const ipAddress = plan.nat === undefined ? undefined : `21.0.0.${plan.nat}`;
    const host = this.#host(plan.name, plan.wire, ipAddress);
    const disk = this.#disk(plan.name, plan.disk, pieces);
    this.machines.set(plan.name, new Machine(this, host, disk, { kind: "peer", plan }));
  }

  #disk(
    name: string,
    { accessMs, hashes, maxPieces = Infinity }: DiskPlan,
    pieces: [number, Uint8Array][],
    relay: Pick<SimulatedDisk["options"], "proves" | "reserve"> = {},
  ): SimulatedDisk {
    const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest();
    const onWrite = (piece: number, bytes: Uint8Array) => {
      if (!isSame(bytes, this.pieceBytes(piece))) this.fail(`${name} stores wrong bytes as piece ${piece}`);
    };
    const { geometry } = this.metainfo;
    return new SimulatedDisk(
      { geometry, accessMs, maxPieces, sha1: hashes ? sha1 : undefined, onWrite, ...relay },
      pieces,
    );
  }

  #host(name: string, { latencyMs, loss, up, down }: WirePlan, nat?: string): MemoryHost {
    const number = ++this.#hostCount;
    const options: MemoryHostOptions = {
      latencyMs,
      loss,
      upBytesPerSecond: up,
      downBytesPerSecond: down,
      ipAddress: nat ?? `20.0.${number >> 8}.${number & 255}`,
    };
    return this.network.host(name, options);
  }
}

/** Natively compared: there are many of them. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
