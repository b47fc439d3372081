import { copyBytes } from "../../base/copy-bytes.js";
import { invariant } from "../../base/invariant.js";
import type { PieceIndex } from "../../base/ids.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";

/** A run of units within a piece. */
export interface UnitRun {
  readonly unit: number;
  readonly count: number;
}

/** At most this many peers are asked for one unit at once, and that only in end game. */
const MAX_HOLDERS = 2;

/**
 * One piece being put together from blocks. A unit is unrequested → in flight (at one peer, at two in end game) →
 * received; given up requests lead back.
 *
 * Invariant: `#holders[u]` counts the requests outstanding for unit u, `#senders[u]` is the session that delivered it
 * (0: not received), `#left` counts units not received, and no unit before `#cursor` is unrequested.
 */
export class PieceAssembly {
  readonly piece: PieceIndex;
  /** In bytes, also while its memory is away (see `move`). */
  readonly size: number;
  /** The only session that may contribute: set when a mixed piece failed its hash. */
  soloSession: number | undefined;
  readonly #holders: Uint8Array;
  readonly #senders: Int32Array;
  readonly #askedAt: Float64Array;
  #bytes: Uint8Array;
  /** Blocks that are being read straight into `#bytes`, whose units nobody has delivered; they do not overlap. */
  #landings: UnitRun[] = [];
  #left: number;
  #cursor = 0;
  #unrequested: number;
  #inFlight = 0;
  #lastAskedAt = 0;

  /** `bytes` has exactly the piece's size. */
  constructor(piece: PieceIndex, bytes: Uint8Array) {
    this.piece = piece;
    this.size = bytes.length;
    this.#bytes = bytes;
    const units = Math.ceil(bytes.length / UNIT_BYTES);
    this.#holders = new Uint8Array(units);
    this.#senders = new Int32Array(units);
    this.#askedAt = new Float64Array(units);
    this.#left = units;
    this.#unrequested = units;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The whole piece lies elsewhere from now on: its memory has been to another thread. */
  move(bytes: Uint8Array): void {
    invariant(this.isComplete, `piece ${this.piece} is moved when it is whole`);
    this.#bytes = bytes;
  }

  /** A link may still write into `bytes`, also one that has closed: the buffer must not be used for anything else. */
  get isBeingReadInto(): boolean {
    return this.#landings.length > 0;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  get unrequestedUnits(): number {
    return this.#unrequested;
  }

  /** Requests outstanding, in units; a unit asked of two peers counts twice. */
  get inFlightUnits(): number {
    return this.#inFlight;
  }

  /** The first unrequested run of at most `most` units. */
  nextRun(most: number): UnitRun | undefined {
    if (this.#unrequested === 0) return undefined;
    while (!this.#isUnrequested(this.#cursor)) this.#cursor++;
    let count = 1;
    while (count < most && this.#isUnrequested(this.#cursor + count)) count++;
    return { unit: this.#cursor, count };
  }

  /** The last unit that is in flight at fewer than two peers and for which `mayAsk` holds: the one expected latest. */
  lastInFlight(mayAsk: (unit: number) => boolean): UnitRun | undefined {
    for (let unit = this.#holders.length - 1; unit >= 0; unit--) {
      const holders = this.#holders[unit] ?? 0;
      if (this.#senders[unit] === 0 && holders > 0 && holders < MAX_HOLDERS && mayAsk(unit)) return { unit, count: 1 };
    }
    return undefined;
  }

  /** When anything of the piece was last asked for. */
  get lastAskedAt(): number {
    return this.#lastAskedAt;
  }

  reserve(run: UnitRun, now: number): void {
    this.#lastAskedAt = now;
    for (let unit = run.unit; unit < run.unit + run.count; unit++) {
      if (this.#isUnrequested(unit)) this.#unrequested--;
      this.#holders[unit] = (this.#holders[unit] ?? 0) + 1;
      this.#inFlight++;
      this.#askedAt[unit] = now;
    }
  }

  /** When a unit was last asked of somebody. */
  askedAt(unit: number): number {
    return this.#askedAt[unit] ?? 0;
  }

  /** A request was given up, or has been answered. */
  unreserve(run: UnitRun): void {
    for (let unit = run.unit; unit < run.unit + run.count; unit++) {
      const holders = this.#holders[unit] ?? 0;
      invariant(holders > 0, `unit ${unit} of piece ${this.piece} is not in flight`);
      this.#holders[unit] = holders - 1;
      this.#inFlight--;
      if (!this.#isUnrequested(unit)) continue;
      this.#unrequested++;
      this.#cursor = Math.min(this.#cursor, unit);
    }
  }

  /** Where a block that is on its way may be read to; undefined when others may bring its units meanwhile. */
  land(begin: number, length: number): Uint8Array | undefined {
    const run = this.runOf(begin, length);
    for (let unit = run.unit; unit < run.unit + run.count; unit++) {
      if (this.#senders[unit] !== 0 || this.#holders[unit] !== 1) return undefined;
    }
    if (this.#landings.some((landing) => overlap(landing, run))) return undefined;
    this.#landings.push(run);
    return this.#bytes.subarray(begin, begin + length);
  }

  /** Takes in a block that begins on a unit; returns how many of its bytes were new. */
  add(begin: number, block: Uint8Array, session: number): number {
    const hasLanded = block.buffer === this.#bytes.buffer && block.byteOffset === this.#bytes.byteOffset + begin;
    const run = this.runOf(begin, block.length);
    if (hasLanded) this.#landings = this.#landings.filter((landing) => landing.unit !== run.unit);
    else if (this.#landings.some((landing) => overlap(landing, run))) this.#leaveBuffer();
    let fresh = 0;
    for (let offset = 0; offset < block.length; offset += UNIT_BYTES) {
      const unit = (begin + offset) / UNIT_BYTES;
      if (this.#senders[unit] !== 0) continue;
      if (this.#isUnrequested(unit)) this.#unrequested--;
      this.#senders[unit] = session;
      this.#left--;
      fresh += Math.min(UNIT_BYTES, block.length - offset);
    }
    if (hasLanded) invariant(fresh === block.length, `what lands in piece ${this.piece} comes once`);
    else if (fresh === block.length) copyBytes(this.#bytes, block, begin);
    else if (fresh > 0) this.#addUnits(begin, block, session);
    return fresh;
  }

  isReceived(unit: number): boolean {
    return this.#senders[unit] !== 0;
  }

  isInFlight(unit: number): boolean {
    return (this.#holders[unit] ?? 0) > 0;
  }

  /** The session that delivered a unit; 0 while there is none. */
  senderOf(unit: number): number {
    return this.#senders[unit] ?? 0;
  }

  /** All sessions whose bytes are in the piece. */
  contributors(): Set<number> {
    return new Set([...this.#senders].filter((session) => session !== 0));
  }

  /** The session that brought most of the piece, the first of them where several did; 0 while nothing has come. */
  mainContributor(): number {
    const units = new Map<number, number>();
    for (const session of this.#senders) if (session !== 0) units.set(session, (units.get(session) ?? 0) + 1);
    let main = 0;
    for (const [session, count] of units) if (count > (units.get(main) ?? 0)) main = session;
    return main;
  }

  runOf(begin: number, length: number): UnitRun {
    return { unit: begin / UNIT_BYTES, count: Math.ceil(length / UNIT_BYTES) };
  }

  rangeOf(run: UnitRun): { begin: number; length: number } {
    const begin = run.unit * UNIT_BYTES;
    return { begin, length: Math.min(run.count * UNIT_BYTES, this.size - begin) };
  }

  #isUnrequested(unit: number): boolean {
    return this.#holders[unit] === 0 && this.#senders[unit] === 0;
  }

  /**
   * Goes on in another buffer: a slow link is still reading a block into this one, over what somebody else has brought.
   * What comes of it is taken in later like any other block.
   */
  #leaveBuffer(): void {
    this.#bytes = this.#bytes.slice();
    this.#landings = [];
  }

  /** Part of the block was here already: only the units that this session was the first to send may be written. */
  #addUnits(begin: number, block: Uint8Array, session: number): void {
    for (let offset = 0; offset < block.length; offset += UNIT_BYTES) {
      if (this.#senders[(begin + offset) / UNIT_BYTES] !== session) continue;
      copyBytes(this.#bytes, block.subarray(offset, offset + UNIT_BYTES), begin + offset);
    }
  }
}

function overlap(a: UnitRun, b: UnitRun): boolean {
  return a.unit < b.unit + b.count && b.unit < a.unit + a.count;
}
