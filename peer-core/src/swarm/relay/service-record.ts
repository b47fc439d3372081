import type { PieceIndex } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { Clock } from "../../ports/runtime.js";
import type { PieceTable } from "../pieces/piece-table.js";
import { FEWEST_AHEAD } from "./relay-demand.js";
import type { Victim } from "./relay-eviction.js";
import { downloaderOf, wantsOf } from "./wants-of.js";

export interface ServiceRecordParts {
  readonly table: PieceTable;
  readonly clock: Clock;
  readonly sessions: () => Iterable<PeerSession>;
  /** Pieces that somebody waits for, or that are being read. */
  readonly busyPieces: () => ReadonlySet<number>;
}

/** Who has taken something this recently, or has come, has room for two pieces. */
const ACTIVE_MS = 10_000;

/** What a relay has given to whom, and when: so it knows which pieces it can do without. */
export class ServiceRecord {
  readonly #parts: ServiceRecordParts;
  readonly #servedAt: Float64Array;
  readonly #lastTaken = new Map<number, number>();

  constructor(parts: ServiceRecordParts) {
    this.#parts = parts;
    this.#servedAt = new Float64Array(parts.table.geometry.pieceCount).fill(Number.NEGATIVE_INFINITY);
  }

  onStored(piece: PieceIndex): void {
    this.#servedAt[piece] = this.#parts.clock.now();
  }

  onServed(session: PeerSession, piece: number): void {
    const now = this.#parts.clock.now();
    this.#servedAt[piece] = now;
    this.#lastTaken.set(session.id, now);
  }

  /** A peer wants something: as it has just come, it may be about to take it. */
  onWaiting(session: PeerSession, now: number): void {
    if (!this.#lastTaken.has(session.id)) this.#lastTaken.set(session.id, now);
  }

  onClosed(session: PeerSession): void {
    this.#lastTaken.delete(session.id);
  }

  /** Pieces that may go, except those of `leaving`, which are going already. */
  victims(leaving: Iterable<number>): Victim[] {
    const { table, busyPieces } = this.#parts;
    const spared = new Set([...busyPieces(), ...leaving]);
    this.#spareForTakers(spared);
    const urgency = this.#urgency();
    const victims: Victim[] = [];
    for (const piece of table.have.indexes()) {
      if (spared.has(piece)) continue;
      const bytes = table.geometry.pieceSize(table.geometry.pieceIndex(piece));
      victims.push({ piece, bytes, rank: urgency[piece] ?? 0, servedAt: this.#servedAt[piece] ?? 0 });
    }
    return victims;
  }

  /** Two pieces for each who is taking something. */
  #spareForTakers(spared: Set<number>): void {
    const { table, sessions, clock } = this.#parts;
    const now = clock.now();
    for (const session of sessions()) {
      if (now - (this.#lastTaken.get(session.id) ?? Number.NEGATIVE_INFINITY) > ACTIVE_MS) continue;
      const waiting = wantsOf(session);
      if (waiting === undefined) continue;
      waiting.intersect(table.have);
      let count = 0;
      for (const piece of waiting.indexes()) {
        if (count++ >= FEWEST_AHEAD) break;
        spared.add(piece);
      }
    }
  }

  /** By piece: 0 when nobody wants it, 1 when all who do have it, then more the faster they take who wait for it. */
  #urgency(): Uint8Array {
    const { table, sessions, clock } = this.#parts;
    const urgency = new Uint8Array(table.geometry.pieceCount);
    for (const { remote } of sessions()) for (const piece of remote.wants.bitfield?.indexes() ?? []) urgency[piece] = 1;
    for (const session of sessions()) {
      const downloader = downloaderOf(session, clock.now());
      if (downloader === undefined) continue;
      // Within a factor of four they are alike: whoever is a little slower must not become slower still for that.
      const level = 2 + Math.floor(Math.log2(1 + downloader.bytesPerSecond) / 2);
      for (const piece of downloader.wants.indexes()) urgency[piece] = Math.max(urgency[piece] ?? 0, level);
    }
    return urgency;
  }
}
