import { BLOCK_MAX_BYTES, MAX_WINDOW_BYTES } from "../wire/limits.js";
import { UNIT_BYTES } from "../torrent/geometry.js";

/** A block that we asked a peer for. */
export interface OutRequest {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly sentAt: number;
}

/** Where the window starts: four units, which a link of 100 KiB/s still carries within the shortest time-out. */
const START_BYTES = 4 * UNIT_BYTES;
/** Never less than two units, so that one is always under way while the other is being answered. */
const FLOOR_BYTES = 2 * UNIT_BYTES;
/**
 * Time that requests may wait in the peer's queue: enough to bridge its pauses, short enough to leave the rest to others. What
 * waits there lies in the kernel's buffer of that link, too, and the peer's own requests to us lie behind it: with 300 ms for
 * all, peers on slow lines heard each other half a second late. Who asks several at once learns better (`QueueDepth`).
 */
export const QUEUE_MS = 100;
/** Times that a full window is asked for anew while it is worked off. */
const ROUNDS_PER_WINDOW = 8;
/** A web seed's queue is our own, and each range waits for a round trip of HTTP: short of this they would not fill a line. */
export const WEB_SEED_QUEUE_MS = 2_000;
/** How long a round trip counts as the shortest one known. */
const SHORTEST_TRIP_KEPT_MS = 30_000;
/** Requests given up whose blocks may still come: remembered so that a late block is not taken for an unasked one. */
const MAX_RELEASED = 4_096;

/**
 * The requests outstanding to one peer and how many bytes of them there may be.
 *
 * The window follows delay: it grows by what arrives while the answers wait less than `queueMs` behind the shortest
 * round trip seen (doubling per round trip) and shrinks while they wait longer. That makes it bandwidth × (round trip +
 * queueMs) without measuring either alone.
 */
export class RequestWindow {
  /** How long requests may wait in the peer's queue. */
  queueMs: number;
  readonly #outstanding = new Map<number, OutRequest>();
  /** Blocks that may still come although we gave them up, by exact triple: how many copies, and when the last was asked for. */
  readonly #released = new Map<string, { copies: number; sentAt: number }>();
  #outstandingBytes = 0;
  #windowBytes = START_BYTES;
  #shortestTripMs = Number.POSITIVE_INFINITY;
  #shortestTripAt = 0;
  #lastBlockAt: number | undefined;
  #lateTripMs = 0;
  #largestAsked = 0;
  #snubbed = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(queueMs = QUEUE_MS) {
    this.queueMs = queueMs;
  }

  get count(): number {
    return this.#outstanding.size;
  }

  get outstandingBytes(): number {
    return this.#outstandingBytes;
  }

  /** Bytes that may be asked for now. */
  get roomBytes(): number {
    const allowed = this.#snubbed ? UNIT_BYTES : this.#windowBytes;
    return Math.max(0, allowed - this.#outstandingBytes);
  }

  /**
   * True once an eighth of the window is free: requests then leave several at a time, where one for each block that comes
   * made a fast link wake the peer 4,000 times per GiB.
   */
  get isWorthAsking(): boolean {
    return this.#outstandingBytes === 0 || this.roomBytes >= this.#windowBytes / ROUNDS_PER_WINDOW;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** The longest block ever asked for here: no longer one can come honestly. */
  get largestAsked(): number {
    return this.#largestAsked;
  }

  /** Failed to answer in time, and has not delivered since. */
  get isSnubbed(): boolean {
    return this.#snubbed;
  }

  /** How long a request should be, in bytes, a multiple of a unit: a quarter of the window, within what the peer serves. */
  blockBytes(peerMax: number): number {
    if (this.#snubbed) return UNIT_BYTES;
    const quarter = Math.floor(this.#windowBytes / 4 / UNIT_BYTES) * UNIT_BYTES;
    const longest = Math.floor(Math.min(peerMax, BLOCK_MAX_BYTES) / UNIT_BYTES) * UNIT_BYTES;
    return Math.max(UNIT_BYTES, Math.min(quarter, longest));
  }

  sent(request: OutRequest): void {
    const key = keyOf(request.piece, request.begin);
    this.#outstanding.set(key, request);
    this.#outstandingBytes += request.length;
    this.#largestAsked = Math.max(this.#largestAsked, request.length);
  }

  has(piece: number, begin: number): boolean {
    return this.#outstanding.has(keyOf(piece, begin));
  }

  /** True when exactly this block is outstanding. */
  expects({ piece, begin, length }: { piece: number; begin: number; length: number }): boolean {
    const request = this.#outstanding.get(keyOf(piece, begin));
    return request?.begin === begin && request.length === length;
  }

  /** A block has come. Undefined when it was never asked for; `late` when it had been given up. */
  settle(piece: number, begin: number, length: number, now: number): { late: boolean } | undefined {
    const key = keyOf(piece, begin);
    const request = this.#outstanding.get(key);
    if (request?.length !== length || request.begin !== begin) return this.#settleLate({ piece, begin, length }, now);
    this.#outstanding.delete(key);
    this.#outstandingBytes -= length;
    this.#adapt(request, now);
    return { late: false };
  }

  /** We do without a block, which may come all the same. False when it was not outstanding. */
  giveUp(request: OutRequest): boolean {
    if (this.refused(request) === undefined) return false;
    this.#remember(request);
    return true;
  }

  /** The peer says that a block will not come (BEP 6). Undefined unless exactly this was outstanding. */
  refused(refusal: { piece: number; begin: number; length: number }): OutRequest | undefined {
    const key = keyOf(refusal.piece, refusal.begin);
    const request = this.#outstanding.get(key);
    if (request?.length !== refusal.length || request.begin !== refusal.begin) return undefined;
    this.#outstanding.delete(key);
    this.#outstandingBytes -= request.length;
    return request;
  }

  /** Gives up everything outstanding, as a choke or a time-out asks for. */
  releaseAll(): OutRequest[] {
    const requests = [...this.#outstanding.values()];
    for (const request of requests) this.giveUp(request);
    return requests;
  }

  /** Milliseconds for which the peer has owed us something and sent nothing; 0 when it owes nothing. */
  stalledMs(now: number): number {
    const oldest = this.#outstanding.values().next().value;
    return oldest === undefined ? 0 : now - Math.max(oldest.sentAt, this.#lastBlockAt ?? 0);
  }

  /** Requests that are older than `ageMs`, the oldest first. */
  olderThan(ageMs: number, now: number): OutRequest[] {
    const old: OutRequest[] = [];
    for (const request of this.#outstanding.values()) {
      if (now - request.sentAt < ageMs) break;
      old.push(request);
    }
    return old;
  }

  /**
   * How long blocks took that we had given up and that came all the same; 0 when none did, and half as much with each block
   * that comes in time. Giving up sooner only has the same bytes come over a slow line once more.
   */
  get lateTripMs(): number {
    return this.#lateTripMs;
  }

  /** When the last block came; undefined before the first. */
  get lastBlockAt(): number | undefined {
    return this.#lastBlockAt;
  }

  /** Nothing is asked before `until`: a peer that refuses everything at once would otherwise be asked at once again. */
  pause(until: number): void {
    this.#pausedUntil = until;
  }

  isPaused(now: number): boolean {
    return now < this.#pausedUntil;
  }

  outstanding(): Iterable<OutRequest> {
    return this.#outstanding.values();
  }

  snub(): void {
    this.#snubbed = true;
    this.#windowBytes = START_BYTES;
  }

  #settleLate(block: { piece: number; begin: number; length: number }, now: number): { late: boolean } | undefined {
    const triple = tripleOf(block);
    const released = this.#released.get(triple);
    if (released === undefined) return undefined;
    if (--released.copies === 0) this.#released.delete(triple);
    this.#snubbed = false;
    this.#lastBlockAt = now;
    this.#lateTripMs = Math.max(this.#lateTripMs, now - released.sentAt);
    return { late: true };
  }

  #remember(request: OutRequest): void {
    const triple = tripleOf(request);
    const copies = (this.#released.get(triple)?.copies ?? 0) + 1;
    this.#released.set(triple, { copies, sentAt: request.sentAt });
    if (this.#released.size <= MAX_RELEASED) return;
    const oldest = this.#released.keys().next().value;
    if (oldest !== undefined) this.#released.delete(oldest);
  }

  #adapt(request: OutRequest, now: number): void {
    this.#snubbed = false;
    this.#lastBlockAt = now;
    this.#lateTripMs /= 2;
    const tripMs = now - request.sentAt;
    if (tripMs <= this.#shortestTripMs || now - this.#shortestTripAt > SHORTEST_TRIP_KEPT_MS) {
      this.#shortestTripMs = tripMs;
      this.#shortestTripAt = now;
    }
    const waitedMs = tripMs - this.#shortestTripMs;
    if (waitedMs > this.queueMs) this.#windowBytes = Math.max(FLOOR_BYTES, this.#windowBytes - request.length / 2);
    // Grows only while it is used: an idle peer proves nothing.
    else if (this.#outstandingBytes + request.length >= this.#windowBytes / 2) {
      this.#windowBytes = Math.min(MAX_WINDOW_BYTES, this.#windowBytes + request.length);
    }
  }
}

/** A piece has at most 16 MiB: 1,024 units. */
function keyOf(piece: number, begin: number): number {
  return piece * 1_024 + Math.floor(begin / UNIT_BYTES);
}

/** A block that was asked for again in another length may still come in the old one. */
function tripleOf({ piece, begin, length }: { piece: number; begin: number; length: number }): string {
  return `${piece} ${begin} ${length}`;
}
