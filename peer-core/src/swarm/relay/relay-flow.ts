import type { PieceIndex } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { Timer } from "../../ports/runtime.js";
import { Bitfield } from "../../torrent/bitfield.js";
import type { CacheTenant } from "./cache-room.js";
import { demandOf, piecesToFetch, type Downloader } from "./relay-demand.js";
import type { Victim } from "./relay-eviction.js";
import { RelayPromise, type RelayRole } from "./relay-promise.js";
import { ServiceRecord, type ServiceRecordParts } from "./service-record.js";
import { downloaderOf, wantsOf } from "./wants-of.js";

export interface RelayParts extends ServiceRecordParts {
  /** Where pieces are kept, and for how long a whole share. */
  readonly role: RelayRole;
  readonly offersOf: (piece: number) => number;
  /** What comes in, of all peers together, bytes per second. */
  readonly downRate: (now: number) => number;
  /** Pieces wanted, or what is wanted at all, have changed: peers are told and asked. */
  readonly onWanted: () => void;
  /** Drops what has come of a piece, unless somebody is sending more of it. */
  readonly letGo: (piece: PieceIndex) => void;
  /** Takes a piece out of storage and tells everybody; resolves when that is done. */
  readonly discard: (piece: PieceIndex) => Promise<void>;
}

/** Hands in what a relay does: a tab is none, and does without the code. */
export type MakeRelayFlow = (parts: Omit<RelayParts, "role">) => RelayFlow;

/** What happens together is looked at together … */
const SHORTEST_PAUSE_MS = 20;
/** … and where there are many pieces and downloaders, a tenth of the time is spent on it at most. */
const WORTH_A_MS = 100_000;
/** Of one downloader's window: what takes the fastest line a moment to carry, and leaves room for others in the cache. */
const MOST_AHEAD_BYTES = 64 * 1024 * 1024;
const MOST_AHEAD_PART = 1 / 4;
/** Pieces are chosen as fast as they come: room that is held for what comes later is lost to what is here … */
const CHOSEN_SECONDS = 0.5;
const FEWEST_CHOSEN = 4;
/** … but while this part of the free room is enough for them: a rate that is only known later must not hold up the start. */
const CHOSEN_PART_OF_FREE = 1 / 8;
/** Room is made for this part of the cache at once: one piece after the other would each wait for the disk. */
const HOPED_PART = 1 / 8;

/** Everything that a relay does otherwise in one share: it wants what its peers want, a little ahead of them, while there is room. */
export class RelayFlow implements CacheTenant {
  readonly #parts: RelayParts;
  readonly #promise: RelayPromise;
  /** Pieces wanted for which room is held, until they are stored or given up. */
  readonly #chosen = new Set<PieceIndex>();
  readonly #leaving = new Set<number>();
  readonly #service: ServiceRecord;
  /** What somebody wants and does not have, here or not. */
  #demand: Bitfield;
  #timer: Timer | undefined;
  #plannedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    const { pieceCount } = parts.table.geometry;
    this.#demand = new Bitfield(pieceCount);
    this.#service = new ServiceRecord(parts);
    this.#promise = new RelayPromise(parts.role, this, parts.table);
    parts.role.room.join(this);
  }

  /** See `CacheTenant`. */
  get heldBytes(): number {
    const { have, geometry } = this.#parts.table;
    const last = geometry.pieceCount - 1;
    const spare = have.has(last) ? geometry.pieceLength - geometry.pieceSize(geometry.pieceIndex(last)) : 0;
    return have.count * geometry.pieceLength - spare;
  }

  /** Milliseconds since 1970 until which the share is promised to be kept; 0: it is not. */
  get keptUntilMs(): number {
    return this.#promise.untilMs;
  }

  /** What is not here and wanted by peers that are no relays: all that another relay is told, so that nothing echoes. */
  ownDemand(): Bitfield {
    const { table, sessions } = this.#parts;
    const demand = new Bitfield(table.geometry.pieceCount);
    for (const session of sessions()) {
      const wants = session.remote.isRelay ? undefined : wantsOf(session);
      if (wants !== undefined) demand.unite(wants);
    }
    demand.subtract(table.have);
    return demand;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#parts.role.room.leave(this);
  }

  isLacking(piece: number): boolean {
    return (this.#promise.isFetching || this.#demand.has(piece)) && !this.#parts.table.have.has(piece);
  }

  lacksAnyOf(pieces: Bitfield): boolean {
    const lacking = this.#wantsNow().clone();
    lacking.subtract(this.#parts.table.have);
    return pieces.isFull ? !lacking.isEmpty : lacking.overlaps(pieces);
  }

  /** What is wanted, offered or here has changed: looked at soon. */
  onChange(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    const { clock } = this.#parts;
    this.#timer = clock.schedule(Math.max(1, this.#plannedAt + this.#pauseMs() - clock.now()), () => {
      this.#timer = undefined;
      this.#plan(clock.now());
    });
  }

  /** See `CacheTenant`. */
  onRoom(): void {
    this.onChange();
  }

  onStored(piece: PieceIndex): void {
    this.#service.onStored(piece);
    this.#giveUp(piece);
    this.onChange();
  }

  onServed(session: PeerSession, piece: number): void {
    this.#service.onServed(session, piece);
  }

  /** A peer has come, of which the metainfo was known or has become known. */
  onPeer(session: PeerSession): void {
    this.#promise.greet(session);
    this.onChange();
  }

  onClosed(session: PeerSession): void {
    this.#service.onClosed(session);
    this.onChange();
  }

  /** To be called about once a second. */
  tick(now: number): void {
    this.#plan(now);
    const isWanted = !this.#demand.isEmpty || this.#isAskedToKeep();
    this.#promise.tick(isWanted, this.#parts.sessions());
  }

  /** See `CacheTenant`. */
  victims(): readonly Victim[] {
    if (this.#promise.untilMs > 0) return [];
    return this.#service.victims(this.#leaving);
  }

  /** See `CacheTenant`. */
  async evict(index: number): Promise<void> {
    const piece = this.#parts.table.geometry.pieceIndex(index);
    if (this.#stopped || !this.#parts.table.have.has(piece)) return;
    this.#leaving.add(piece);
    await this.#parts.discard(piece);
    this.#leaving.delete(piece);
  }

  #plan(now: number): void {
    if (this.#stopped) return;
    this.#plannedAt = now;
    const { table, role } = this.#parts;
    const downloaders = this.#downloaders(now);
    const demand = demandOf(downloaders, table.geometry.pieceCount);
    const isNews = !demand.equals(this.#demand);
    this.#demand = demand;
    const dropped = this.#dropUseless();
    const wanted = piecesToFetch({
      downloaders: this.#promise.isFetching ? [...downloaders, this.#promise.asDownloader()] : downloaders,
      ahead: this.#ahead(),
      pieceLength: table.geometry.pieceLength,
      mostAheadBytes: Math.min(MOST_AHEAD_BYTES, role.room.quotaBytes * MOST_AHEAD_PART),
      offersOf: (piece) => (this.#leaving.has(piece) ? 0 : this.#parts.offersOf(piece)),
    });
    const next = wanted.slice(0, this.#mayChoose(now));
    const chosen = this.#choose(next);
    if (chosen === next.length) role.room.content(this);
    if (isNews || dropped > 0 || chosen > 0) this.#parts.onWanted();
  }

  /** Pieces that may be chosen besides those that have not come yet. */
  #mayChoose(now: number): number {
    const { table, downRate, role } = this.#parts;
    const bytes = Math.max(downRate(now) * CHOSEN_SECONDS, role.room.freeBytes * CHOSEN_PART_OF_FREE);
    const most = Math.floor(bytes / table.geometry.pieceLength);
    return Math.max(0, Math.max(FEWEST_CHOSEN, most) - this.#chosen.size);
  }

  /** How many of the pieces there was room for. */
  #choose(wanted: readonly number[]): number {
    const { table, role } = this.#parts;
    const { geometry } = table;
    let count = 0;
    for (const index of wanted) {
      const piece = geometry.pieceIndex(index);
      const hopedBytes = Math.min((wanted.length - count) * geometry.pieceLength, this.#hopedBytes());
      if (!role.room.hold(this, geometry.pieceSize(piece), hopedBytes)) break;
      this.#chosen.add(piece);
      table.want(piece);
      count++;
    }
    return count;
  }

  #hopedBytes(): number {
    return this.#parts.role.room.quotaBytes * HOPED_PART;
  }

  /** Pieces that were chosen are given up when nobody offers them any more, or wants them and they are not begun. */
  #dropUseless(): number {
    const { table, offersOf, letGo } = this.#parts;
    const wanted = this.#wantsNow();
    let dropped = 0;
    for (const piece of [...this.#chosen]) {
      const isOffered = offersOf(piece) > 0;
      if (!isOffered) letGo(piece);
      if (!table.isOpen(piece) || (wanted.has(piece) && isOffered)) continue;
      this.#giveUp(piece);
      dropped++;
    }
    return dropped;
  }

  #giveUp(piece: PieceIndex): void {
    if (!this.#chosen.delete(piece)) return;
    const { table, role } = this.#parts;
    table.unwant(piece);
    role.room.release(this, table.geometry.pieceSize(piece));
  }

  #ahead(): Bitfield {
    const ahead = this.#parts.table.have.clone();
    for (const piece of this.#chosen) ahead.set(piece);
    return ahead;
  }

  /** What others want, which is part of the whole that is to be kept. */
  #wantsNow(): Bitfield {
    return this.#promise.isFetching ? this.#promise.asDownloader().wants : this.#demand;
  }

  #isAskedToKeep(): boolean {
    for (const { remote } of this.#parts.sessions()) if (remote.asksToKeep) return true;
    return false;
  }

  #downloaders(now: number): Downloader[] {
    const downloaders: Downloader[] = [];
    for (const session of this.#parts.sessions()) {
      const downloader = downloaderOf(session, now);
      if (downloader === undefined) continue;
      this.#service.onWaiting(session, now);
      downloaders.push(downloader);
    }
    return downloaders;
  }

  #pauseMs(): number {
    let work = 0;
    for (const session of this.#parts.sessions()) work += session.remote.wants.bitfield?.size ?? 0;
    return Math.max(SHORTEST_PAUSE_MS, work / WORTH_A_MS);
  }
}
