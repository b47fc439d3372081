import type { PieceIndex } from "../base/ids.js";
import type { OutRequest, RequestWindow } from "../peer/request-window.js";
import type { Bitfield } from "../torrent/bitfield.js";
import { UNIT_BYTES } from "../torrent/geometry.js";
import { BufferPool } from "./buffer-pool.js";
import { PieceAssembly, type UnitRun } from "./piece-assembly.js";
import type { PiecePicker } from "./piece-picker.js";
import type { PieceTable } from "./piece-table.js";

/** A peer that sends to us, as the scheduler needs to see it. */
export interface Source {
  readonly id: number;
  readonly pieces: Bitfield;
  readonly requests: RequestWindow;
  /** The longest request that it serves, in bytes. */
  readonly longestBlock: number;
  /** Requests that it queues. */
  readonly requestQueue: number;
}

/** In end game one peer duplicates at most this much at a time: what it brings late is thrown away. */
const END_GAME_BYTES = 8 * UNIT_BYTES;

/**
 * Decides which blocks to ask of a peer next, and keeps the pieces under way.
 *
 * In order: the piece this peer is already sending; a piece that others have left half done; a new piece by rarity; a
 * piece that others are sending; and when nothing is left to begin (end game) what others are slow to send, in single
 * units, the latest expected first. Pieces under way are bounded by `maxUnverifiedBytes`.
 */
export class DownloadScheduler {
  readonly #table: PieceTable;
  readonly #picker: PiecePicker;
  readonly #maxUnverifiedBytes: number;
  readonly #assemblies = new Map<number, PieceAssembly>();
  readonly #currentBySource = new Map<number, PieceAssembly>();
  readonly #soloPieces = new Set<number>();
  readonly #buffers: BufferPool;
  #unverifiedBytes = 0;
  #wasFull = false;

  constructor(table: PieceTable, picker: PiecePicker, maxUnverifiedBytes: number) {
    this.#table = table;
    this.#picker = picker;
    this.#maxUnverifiedBytes = maxUnverifiedBytes;
    this.#buffers = new BufferPool(table.geometry.pieceLength);
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
  }

  /** A request was given up, refused or dropped: its units are free again. */
  released(request: OutRequest): void {
    const assembly = this.#assemblies.get(request.piece);
    if (assembly === undefined) return;
    assembly.unreserve(assembly.runOf(request.begin, request.length));
    this.#dropIfEmpty(assembly);
  }

  /** A peer has gone or stopped answering: what it alone may finish is open to others again. */
  sourceLost(sourceId: number): void {
    this.#currentBySource.delete(sourceId);
    for (const assembly of [...this.#assemblies.values()]) {
      if (assembly.soloSession === sourceId && !assembly.isComplete) this.#abandon(assembly);
    }
  }

  /** The piece leaves assembly: it is stored, or came to nothing. Its buffer is used again. */
  finished(assembly: PieceAssembly, keepBuffer: boolean): void {
    this.#forget(assembly);
    if (!keepBuffer) this.#buffers.give(assembly.bytes);
  }

  #next(source: Source, now: number): OutRequest | undefined {
    const { requests } = source;
    const wanted = requests.blockBytes(source.longestBlock);
    // Asking for less than a block would only make requests small; a window with nothing in it always has room for one.
    if (requests.roomBytes < wanted && requests.outstandingBytes > 0) return undefined;
    const units = wanted / UNIT_BYTES;
    const assembly = this.#pieceFor(source);
    if (assembly === undefined) return this.#endGame(source, now);
    const run = assembly.nextRun(units);
    if (run === undefined) return undefined;
    return this.#request(source, assembly, run, now);
  }

  #pieceFor(source: Source): PieceAssembly | undefined {
    const current = this.#currentBySource.get(source.id);
    if (current !== undefined && this.#canTake(current, source)) return current;
    const assembly =
      this.#underWay(source, (candidate) => candidate.inFlightUnits === 0) ??
      this.#begin(source) ??
      this.#underWay(source, () => true);
    if (assembly === undefined) this.#currentBySource.delete(source.id);
    else this.#currentBySource.set(source.id, assembly);
    return assembly;
  }

  #canTake(assembly: PieceAssembly, source: Source): boolean {
    return (
      assembly.unrequestedUnits > 0 &&
      this.#assemblies.get(assembly.piece) === assembly &&
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

  #begin(source: Source): PieceAssembly | undefined {
    // One piece is always allowed, however large.
    const isFull = this.#unverifiedBytes + this.#table.geometry.pieceLength > this.#maxUnverifiedBytes;
    if (isFull && this.#assemblies.size > 0) {
      this.#wasFull = true;
      return undefined;
    }
    const piece = this.#picker.pick(source.pieces);
    if (piece === undefined) return undefined;
    this.#table.start(piece);
    const assembly = new PieceAssembly(piece, this.#buffers.take(this.#table.geometry.pieceSize(piece)));
    if (this.#soloPieces.delete(piece)) assembly.soloSession = source.id;
    this.#assemblies.set(piece, assembly);
    this.#unverifiedBytes += assembly.bytes.length;
    return assembly;
  }

  #endGame(source: Source, now: number): OutRequest | undefined {
    if (source.requests.outstandingBytes >= END_GAME_BYTES || this.#picker.hasAnythingToBegin()) return undefined;
    for (const assembly of this.#assemblies.values()) {
      if (assembly.isComplete || assembly.soloSession !== undefined || !source.pieces.has(assembly.piece)) continue;
      const run = assembly.lastInFlight((unit) => !isAsked(source.requests, assembly.piece, unit));
      if (run !== undefined) return this.#request(source, assembly, run, now);
    }
    return undefined;
  }

  #request(source: Source, assembly: PieceAssembly, run: UnitRun, now: number): OutRequest {
    assembly.reserve(run);
    const request = { piece: assembly.piece, ...assembly.rangeOf(run), sentAt: now };
    source.requests.sent(request);
    return request;
  }

  /** Nothing has come and nothing is asked for: the piece need not hold memory. */
  #dropIfEmpty(assembly: PieceAssembly): void {
    const untouched = assembly.inFlightUnits === 0 && assembly.contributors().size === 0;
    if (untouched) this.#abandon(assembly);
  }

  #abandon(assembly: PieceAssembly): void {
    if (assembly.soloSession !== undefined) this.#soloPieces.add(assembly.piece);
    this.#table.drop(assembly.piece);
    this.finished(assembly, false);
  }

  #forget(assembly: PieceAssembly): void {
    this.#assemblies.delete(assembly.piece);
    this.#unverifiedBytes -= assembly.bytes.length;
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
