import { invariant } from "../../base/invariant.js";
import type { ByteBudget } from "../../base/byte-budget.js";
import type { PieceIndex } from "../../base/ids.js";
import type { OutRequest, RequestWindow } from "../../peer/request-window.js";
import type { Suggestions } from "../../peer/suggestions.js";
import type { Bitfield } from "../../torrent/bitfield.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import { BufferPool } from "./buffer-pool.js";
import { PieceAssembly, type UnitRun } from "./piece-assembly.js";
import type { PiecePicker } from "./piece-picker.js";
import type { PieceTable } from "../pieces/piece-table.js";

/** A peer that sends to us, as the scheduler needs to see it. */
export interface Source {
  readonly id: number;
  readonly pieces: Bitfield;
  readonly requests: RequestWindow;
  /** The longest request that it serves, in bytes. */
  readonly longestBlock: number;
  /** Requests that it queues. */
  readonly requestQueue: number;
  /** Pieces that follow on each other are cheaper for it than others. */
  readonly likesRuns?: boolean;
  /** What it would rather be asked for than other pieces as rare. */
  readonly suggestions?: Suggestions;
}

/** In end game one peer duplicates at most this much at a time: what it brings late is thrown away. */
const END_GAME_BYTES = 8 * UNIT_BYTES;
/** While there are still pieces to begin, an idle peer duplicates only what has been under way for this long. */
const SLOW_UNIT_MS = 2_000;
/** A piece that only one peer may finish, and of which nothing is asked of it for so long, is open to others. */
const SOLO_IDLE_MS = 5_000;

/**
 * Decides which blocks to ask of a peer next, and keeps the pieces under way.
 *
 * In order: the piece this peer is already sending; a piece that others have left half done; a new piece by rarity; a
 * piece that others are sending; and when nothing else is left for it (end game) what others are slow to send, in
 * single units, the latest expected first. Pieces under way are bounded by a budget shared with other swarms.
 */
export class DownloadScheduler {
  readonly #table: PieceTable;
  readonly #picker: PiecePicker;
  readonly #budget: ByteBudget;
  readonly #hasMoreToCome: boolean;
  readonly #assemblies = new Map<number, PieceAssembly>();
  readonly #currentBySource = new Map<number, PieceAssembly>();
  readonly #soloPieces = new Set<number>();
  readonly #buffers: BufferPool;
  /** Sources for which nothing was found, with `#version` at that time: they are not searched for again in vain. */
  readonly #nothingFor = new Map<number, number>();
  /** Grows whenever something may have become free for a source that found nothing. */
  #version = 0;
  /** Of sources that like runs: the piece begun last. */
  readonly #lastBegun = new Map<number, PieceIndex>();
  #unverifiedBytes = 0;
  #wasFull = false;

  constructor(
    table: PieceTable,
    picker: PiecePicker,
    budget: ByteBudget,
    allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
    /** What is wanted is never all there is to get, so that there is no end to hurry for: a relay's. */
    hasMoreToCome = false,
  ) {
    this.#hasMoreToCome = hasMoreToCome;
    this.#table = table;
    this.#picker = picker;
    this.#budget = budget;
    this.#buffers = new BufferPool(table.geometry.pieceLength, budget, allocate);
  }

  get unverifiedBytes(): number {
    return this.#unverifiedBytes;
  }

  get(piece: number): PieceAssembly | undefined {
    return this.#assemblies.get(piece);
  }

  assemblies(): Iterable<PieceAssembly> {
    return this.#assemblies.values();
  }

  /** True once after a piece could not be begun for want of memory: with the next one finished it is worth asking again. */
  takeWasFull(): boolean {
    const wasFull = this.#wasFull;
    this.#wasFull = false;
    return wasFull;
  }

  /** Blocks to ask for now, of about `budgetBytes` at most, already counted as in flight and in the peer's window. */
  plan(source: Source, budgetBytes: number, now: number): OutRequest[] {
    const planned: OutRequest[] = [];
    if (!source.requests.isWorthAsking) return planned;
    let bytes = 0;
    while (bytes < budgetBytes && source.requests.count < source.requestQueue) {
      const request = this.#next(source, now);
      if (request === undefined) break;
      planned.push(request);
      bytes += request.length;
    }
    return planned;
  }

  /** A piece is to come whole from one peer, whoever begins it: it failed when it came from several. */
  fetchSolo(piece: PieceIndex): void {
    this.#soloPieces.add(piece);
    this.#version++;
  }

  /** A request was given up, refused or dropped: its units are free again. */
  released(request: OutRequest): void {
    const assembly = this.#assemblies.get(request.piece);
    if (assembly === undefined) return;
    assembly.unreserve(assembly.runOf(request.begin, request.length));
    this.#version++;
    if (assembly.isComplete || assembly.inFlightUnits > 0) return;
    // Nobody else may go on with a solo piece; and a piece of which nothing has come need not hold memory.
    if (assembly.soloSession !== undefined || assembly.contributors().size === 0) this.#abandon(assembly);
  }

  /** A source sends nothing more for now: pieces that it alone may finish, and is not sending, are open to others again. */
  sourcePaused(sourceId: number): void {
    this.#currentBySource.delete(sourceId);
    for (const assembly of [...this.#assemblies.values()]) {
      const isIdle = assembly.inFlightUnits === 0 && !assembly.isComplete;
      if (assembly.soloSession === sourceId && isIdle) this.#abandon(assembly);
    }
  }

  /** What has come of a piece is dropped, unless somebody is sending more of it. */
  letGo(piece: number): void {
    const assembly = this.#assemblies.get(piece);
    if (assembly?.inFlightUnits === 0 && !assembly.isComplete) this.#abandon(assembly);
  }

  /** To be called about once a second: a solo piece whose source does not go on with it, for whatever reason, is freed. */
  tick(now: number): void {
    for (const assembly of [...this.#assemblies.values()]) {
      if (assembly.soloSession === undefined || assembly.inFlightUnits > 0 || assembly.isComplete) continue;
      if (now - assembly.lastAskedAt >= SOLO_IDLE_MS) this.#abandon(assembly);
    }
  }

  /** Pieces are wanted that were not before: whoever found nothing may find something. */
  wantedChanged(): void {
    this.#version++;
  }

  /** A source has gone, with all its requests released. */
  sourceGone(sourceId: number): void {
    this.sourcePaused(sourceId);
    this.#nothingFor.delete(sourceId);
    this.#lastBegun.delete(sourceId);
  }

  /** A source holds more than before. */
  sourceGained(sourceId: number): void {
    this.#nothingFor.delete(sourceId);
  }

  /** The piece leaves assembly: it is stored, or came to nothing. Its buffer is used again. */
  finished(assembly: PieceAssembly, keepBuffer: boolean): void {
    this.#forget(assembly);
    this.#version++;
    if (!keepBuffer && !assembly.isBeingReadInto) this.#buffers.give(assembly.bytes);
  }

  /** Everything wanted is here: spare memory is let go. */
  allDone(): void {
    this.#buffers.clear();
  }

  /** Gives all memory back; nothing may be planned any more. */
  stop(): void {
    this.#budget.give(this.#unverifiedBytes);
    this.#unverifiedBytes = 0;
    this.#buffers.clear();
  }

  #next(source: Source, now: number): OutRequest | undefined {
    const { requests } = source;
    const wanted = requests.blockBytes(source.longestBlock);
    // Asking for less than a block would only make requests small; a window with nothing in it always has room for one.
    if (requests.roomBytes < wanted) return undefined;
    const assembly = this.#pieceFor(source);
    if (assembly === undefined) return this.#endGame(source, now);
    const run = assembly.nextRun(wanted / UNIT_BYTES);
    invariant(run !== undefined, "a piece that is given out has units to ask for");
    return this.#request(source, assembly, { run, now });
  }

  #pieceFor(source: Source): PieceAssembly | undefined {
    const current = this.#currentBySource.get(source.id);
    if (current !== undefined && this.#canTake(current, source)) return current;
    if (this.#nothingFor.get(source.id) === this.#version) return undefined;
    const begun = this.#underWay(source, (candidate) => candidate.inFlightUnits === 0) ?? this.#begin(source);
    const assembly = typeof begun === "object" ? begun : this.#underWay(source, () => true);
    if (assembly === undefined) {
      this.#currentBySource.delete(source.id);
      if (begun !== "not-yet") this.#nothingFor.set(source.id, this.#version);
    } else {
      this.#currentBySource.set(source.id, assembly);
    }
    return assembly;
  }

  #canTake(assembly: PieceAssembly, source: Source): boolean {
    return (
      assembly.unrequestedUnits > 0 &&
      source.pieces.has(assembly.piece) &&
      (assembly.soloSession ?? source.id) === source.id
    );
  }

  #underWay(source: Source, matches: (assembly: PieceAssembly) => boolean): PieceAssembly | undefined {
    for (const assembly of this.#assemblies.values()) {
      if (this.#canTake(assembly, source) && matches(assembly)) return assembly;
    }
    return undefined;
  }

  /** "not-yet": there is a piece, which may be begun later without anything else having changed. */
  #begin(source: Source): PieceAssembly | "not-yet" | undefined {
    const { geometry } = this.#table;
    const piece = this.#pick(source);
    if (piece === undefined) return undefined;
    // Who has just failed to answer is not trusted with a piece that nobody else may touch.
    if (this.#soloPieces.has(piece) && source.requests.isSnubbed) return "not-yet";
    // One piece is always allowed, however large.
    if (!this.#budget.hasRoomFor(geometry.pieceLength) && this.#assemblies.size > 0 && !this.#evict()) {
      this.#wasFull = true;
      return "not-yet";
    }
    this.#table.start(piece);
    if (source.likesRuns === true) this.#lastBegun.set(source.id, piece);
    const assembly = new PieceAssembly(piece, this.#buffers.take(geometry.pieceSize(piece)));
    if (this.#soloPieces.delete(piece)) assembly.soloSession = source.id;
    this.#assemblies.set(piece, assembly);
    this.#unverifiedBytes += assembly.size;
    this.#budget.take(assembly.size);
    return assembly;
  }

  /** Who likes runs goes on behind the piece begun last, and the others keep out of its way (as BEP 19 advises). */
  #pick(source: Source): PieceIndex | undefined {
    const last = this.#lastBegun.get(source.id);
    if (last !== undefined) return this.#picker.pickAfter(last, source.pieces);
    if (source.likesRuns === true || this.#lastBegun.size === 0)
      return this.#picker.pick(source.pieces, source.suggestions);
    return this.#picker.pickAhead(this.#lastBegun.values(), source.pieces);
  }

  /**
   * Makes room by dropping the piece that has come least far among those that nobody is sending: whoever could go on
   * with one would have been given it before. So what peers leave behind half done never blocks what others have.
   */
  #evict(): boolean {
    let least: PieceAssembly | undefined;
    for (const assembly of this.#assemblies.values()) {
      if (assembly.isComplete || assembly.inFlightUnits > 0) continue;
      if (least === undefined || assembly.unrequestedUnits > least.unrequestedUnits) least = assembly;
    }
    if (least === undefined) return false;
    this.#abandon(least);
    return true;
  }

  #endGame(source: Source, now: number): OutRequest | undefined {
    if (source.requests.outstandingBytes >= END_GAME_BYTES) return undefined;
    let isLast: boolean | undefined;
    for (const assembly of this.#assemblies.values()) {
      if (assembly.isComplete || assembly.soloSession !== undefined || !source.pieces.has(assembly.piece)) continue;
      const run = assembly.lastInFlight((unit) => {
        if (isAsked(source.requests, assembly.piece, unit)) return false;
        if (now - assembly.askedAt(unit) >= SLOW_UNIT_MS) return true;
        return (isLast ??= !this.#hasMoreToCome && !this.#picker.hasAnythingToBegin());
      });
      if (run !== undefined) return this.#request(source, assembly, { run, now });
    }
    return undefined;
  }

  #request(source: Source, assembly: PieceAssembly, { run, now }: { run: UnitRun; now: number }): OutRequest {
    assembly.reserve(run, now);
    const request = { piece: assembly.piece, ...assembly.rangeOf(run), sentAt: now };
    source.requests.sent(request);
    return request;
  }

  #abandon(assembly: PieceAssembly): void {
    invariant(assembly.inFlightUnits === 0, "a piece is dropped when nothing of it is under way");
    if (assembly.soloSession !== undefined) this.#soloPieces.add(assembly.piece);
    this.#table.drop(assembly.piece);
    this.finished(assembly, false);
  }

  #forget(assembly: PieceAssembly): void {
    this.#assemblies.delete(assembly.piece);
    this.#unverifiedBytes -= assembly.size;
    this.#budget.give(assembly.size);
    for (const [sourceId, current] of this.#currentBySource) {
      if (current === assembly) this.#currentBySource.delete(sourceId);
    }
  }
}

function isAsked(requests: RequestWindow, piece: number, unit: number): boolean {
  const at = unit * UNIT_BYTES;
  for (const request of requests.outstanding()) {
    if (request.piece === piece && request.begin <= at && at < request.begin + request.length) return true;
  }
  return false;
}
