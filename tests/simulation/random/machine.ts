import type { PieceCache, RelayOptions, SessionEvent, TorrentSession } from "@shoal/peer-core";
import type { MemoryHost } from "@shoal/peer-core/testing";
import { LiveProcess, PEER_PORT } from "./live-process.js";
import type { PeerPlan, RelayPlan } from "./scenario.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { Stage } from "./stage.js";

/** What a relay's promises are told by: the clock's zero is then. */
const START_UNIX_MS = 1_800_000_000_000;
const KEEP_MS = 60_000;
const LINGER_MS = 60_000;
const LINKS_PER_ADDRESS = 32;
/** After a farewell in good order nothing may be left of a process by then. */
const FAREWELL_MS = 12_000;

type Plan = { readonly kind: "peer"; readonly plan: PeerPlan } | { readonly kind: "relay"; readonly plan: RelayPlan };

/** A machine of an honest person, with a disk that outlives the processes on it: a peer or a relay. */
export class Machine {
  readonly name: string;
  readonly host: MemoryHost;
  readonly disk: SimulatedDisk;
  readonly role: Plan;
  readonly address: string;
  /** Undefined while nothing runs. */
  process: LiveProcess | undefined;
  /** It is saying goodbye. */
  isLeaving = false;
  /** The share could not go on: when and why. */
  failure: string | undefined;
  /** Pieces of which a bit was turned, and when; those that came again since then are among them. */
  readonly flipped = new Map<number, number>();
  /** When each piece came last. */
  readonly gotAtMs = new Map<number, number>();
  /** Somebody said that a piece which it had sent was wrong, and it was. */
  readonly complaints: { readonly piece: number; readonly atMs: number; readonly process: LiveProcess }[] = [];
  /** It is to start again when it has left. */
  #isWanted = false;
  readonly #stage: Stage;
  readonly #watched = new WeakSet<TorrentSession>();
  readonly #blamedAt = new Map<number, number>();

  constructor(stage: Stage, host: MemoryHost, disk: SimulatedDisk, role: Plan) {
    this.#stage = stage;
    this.name = role.plan.name;
    this.host = host;
    this.disk = disk;
    this.role = role;
    this.address = `tcp://${host.ipAddress}:${PEER_PORT}`;
  }

  get isDialable(): boolean {
    return this.role.kind === "relay" || this.role.plan.isDialable;
  }

  /** Starts a process, if none runs; after the farewell of one that leaves. */
  start(): void {
    this.#isWanted = this.isLeaving;
    if (this.process !== undefined) return;
    this.host.restart();
    this.failure = undefined;
    this.isLeaving = false;
    const process = this.role.kind === "peer" ? this.#startPeer(this.role.plan) : this.#startRelay(this.role.plan);
    this.process = process;
    this.listen();
    this.#stage.note(this.name, `starts with ${[...this.disk.recorded].join(",")}`);
  }

  listen(): void {
    const { process } = this;
    if (process !== undefined && this.isDialable)
      this.host.listen(this.address, (connection) => process.accept(connection));
  }

  /** The process dies, or the machine when it `loses` writes. */
  crash(loses: boolean, noticedAfterMs: number | undefined): void {
    if (this.process === undefined) return;
    this.process.kill();
    this.process = undefined;
    this.isLeaving = false;
    this.host.crash(noticedAfterMs);
    this.disk.crash(loses, this.#stage.random);
    this.checkDisk();
    this.#stage.note(this.name, "crashed");
  }

  /** Ends the process in good order; resolves when it is over, and whether something was left of it is noted. */
  async leave(): Promise<void> {
    const { process } = this;
    if (process === undefined || this.isLeaving) return;
    this.isLeaving = true;
    this.host.unlisten();
    await process.client.close();
    if (this.process !== process) return;
    this.#stage.note(this.name, "left");
    await new Promise<void>((resolve) => void this.#stage.clock.schedule(FAREWELL_MS, resolve));
    if (this.process !== process) return;
    const { pendingTimers } = process.clock;
    if (pendingTimers > 0) this.#stage.fail(`${this.name} has closed and left ${pendingTimers} timers`);
    if (this.host.openLinks > 0) this.#stage.fail(`${this.name} has closed and left ${this.host.openLinks} links`);
    process.kill();
    this.process = undefined;
    this.isLeaving = false;
    if (this.#isWanted) this.start();
  }

  /** Sessions of the share that run here. */
  sessions(): readonly TorrentSession[] {
    const { process } = this;
    if (process === undefined) return [];
    const sessions = process.session === undefined ? process.client.carried() : [process.session];
    for (const session of sessions) this.#watch(session, process);
    return sessions;
  }

  /** What must hold of a disk whenever no process is there to mend it: at a crash, and in the end. */
  checkDisk(): void {
    const { disk, name, flipped } = this;
    for (const piece of disk.recorded) {
      if (disk.bytesOf(piece) === undefined) this.#stage.fail(`${name} claims piece ${piece}, which is not there`);
      else if (this.#stage.isWrong(disk, piece) && !flipped.has(piece))
        this.#stage.fail(`${name} claims piece ${piece}, whose bytes are wrong`);
    }
  }

  #startPeer(plan: PeerPlan): LiveProcess {
    const stage = this.#stage;
    const process = new LiveProcess(stage, this.host, {
      listen: plan.isDialable ? { port: PEER_PORT } : {},
      maxConnections: plan.maxConnections,
      sendBuffersBytes: plan.sendBuffersBytes,
      unverifiedBytes: plan.unverifiedPieces * stage.metainfo.geometry.pieceLength,
    });
    process.session = process.client.add({
      source: plan.knowsMetainfo ? stage.metainfo : stage.metainfo.infoHash,
      openStore: () => Promise.resolve(this.disk.open(process.clock)),
      trackers: [plan.trackers.map((name) => stage.urlOf(name))],
    });
    this.#watch(process.session, process);
    return process;
  }

  #startRelay(plan: RelayPlan): LiveProcess {
    const relay = this.#relayOptions(plan, () => process.clock);
    const process: LiveProcess = new LiveProcess(this.#stage, this.host, { listen: { port: PEER_PORT } }, relay);
    return process;
  }

  #relayOptions(plan: RelayPlan, clock: () => LiveProcess["clock"]): RelayOptions {
    const stage = this.#stage;
    const { disk } = this;
    const quotaBytes = plan.quotaPieces * stage.metainfo.geometry.pieceLength;
    const cache: PieceCache = {
      quotaBytes,
      get usedBytes() {
        return disk.usedBytes;
      },
      open: () => Promise.resolve(disk.open(clock())),
      makeRoom: () => Promise.resolve(),
    };
    return {
      admits: () => Promise.resolve(true),
      metainfoOf: () => Promise.resolve(plan.knowsMetainfo ? stage.metainfo : undefined),
      cache,
      trackers: plan.trackers.map((name) => stage.urlOf(name)),
      keepBytes: plan.keeps ? quotaBytes : 0,
      keepMs: plan.keeps ? KEEP_MS : 0,
      unixMs: () => START_UNIX_MS + stage.clock.now(),
      lingerMs: LINGER_MS,
      linksPerAddress: LINKS_PER_ADDRESS,
    };
  }

  #watch(session: TorrentSession, process: LiveProcess): void {
    if (this.#watched.has(session)) return;
    this.#watched.add(session);
    session.on((event) => {
      if (!process.clock.isDead) this.#onEvent(event, process);
    });
  }

  #onEvent(event: SessionEvent, process: LiveProcess): void {
    const stage = this.#stage;
    if (event.kind === "piece") {
      this.gotAtMs.set(event.piece, stage.clock.now());
      stage.note(this.name, `piece ${event.piece}`);
    } else if (event.kind === "peer") {
      stage.note(this.name, `${event.change} ${event.label} ${event.reason ?? ""}`);
      if (event.change === "closed") this.#onClosed(event.reason, process);
    } else if (event.kind === "failed") {
      this.failure = event.error.code;
      stage.note(this.name, `failed: ${event.error.message}`);
    } else stage.note(this.name, event.kind);
    if (event.kind === "complete") this.#leaveLater(process);
  }

  #leaveLater(process: LiveProcess): void {
    const { clock, isCalm } = this.#stage;
    const { plan } = this.role;
    if (isCalm || !("leavesAfterMs" in plan) || plan.leavesAfterMs === undefined) return;
    clock.schedule(plan.leavesAfterMs, () => {
      if (!this.#stage.isCalm && this.process === process) void this.leave();
    });
  }

  /** Notes a complaint that is due to be looked into: one within a minute of another about the same piece is not. */
  #onClosed(reason: string | undefined, process: LiveProcess): void {
    const piece = /^piece (\d+)$/.exec(reason ?? "")?.[1];
    if (piece === undefined) return;
    const index = Number(piece);
    const now = this.#stage.clock.now();
    const isFirst = now - (this.#blamedAt.get(index) ?? -Infinity) > 60_000;
    this.#blamedAt.set(index, now);
    if (isFirst && this.#stage.isWrong(this.disk, index)) this.complaints.push({ piece: index, atMs: now, process });
  }
}
