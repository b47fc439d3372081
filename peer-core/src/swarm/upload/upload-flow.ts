import type { PieceIndex } from "../../base/ids.js";
import type { RateLimiter } from "../../base/rate-limiter.js";
import { RateMeter } from "../../base/rate-meter.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { InRequest } from "../../peer/upload-queue.js";
import type { PieceStore } from "../../ports/piece-store.js";
import type { Runtime, Timer } from "../../ports/runtime.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import { pieceFrame, pieceFrameBytes } from "../../wire/encode.js";
import { BLOCK_MAX_BYTES } from "../../wire/limits.js";
import { ChokeRounds } from "./choke-rounds.js";
import { FramePool } from "./frame-pool.js";
import { Gifts } from "./gifts.js";
import { LinePace } from "./line-pace.js";
import { PieceSuggester } from "./piece-suggester.js";
import type { PieceTable } from "../pieces/piece-table.js";

export interface UploadHost {
  sessions(): Iterable<PeerSession>;
  /** A block has been handed to a socket. */
  onServed(session: PeerSession, piece: PieceIndex): void;
  /** Storage could not give a block of a piece that it claims to have. */
  onReadFailed(piece: PieceIndex, error: unknown): void;
}

export interface UploadParts {
  readonly runtime: Runtime;
  readonly host: UploadHost;
  readonly table: PieceTable;
  readonly store: PieceStore;
  readonly limiter: RateLimiter;
  /** Bytes that may wait in one socket, those being read included: beyond it nothing is read from storage. */
  readonly sendBufferBytes: () => number;
  /** Peers served at once; when left out, as many as anybody serves. */
  readonly slots?: number | undefined;
  /** True when peers are not served by what they give: a seed gets nothing from anybody, a relay nothing for itself. */
  readonly servesInTurn: () => boolean;
  /** Nobody connected has the piece. */
  readonly isNew: (piece: number) => boolean;
}

/** Reads from storage at once for one peer: hides the disk's latency behind its own. */
const READS_PER_PEER = 4;
/** How often it is looked at whether there is room again. */
const PACE_LOOK_MS = 25;

/** Everything that happens to blocks on their way out: who is served, what waits, what is read and sent. */
export class UploadFlow {
  /** Blocks handed to sockets, of all peers together. */
  readonly meter = new RateMeter();
  readonly #parts: UploadParts;
  readonly #rounds: ChokeRounds;
  readonly #gifts = new Gifts();
  readonly #pace: LinePace;
  readonly #suggester: PieceSuggester;
  readonly #reading = new Set<Promise<void>>();
  /** How many blocks of a piece are being read. */
  readonly #readPieces = new Map<number, number>();
  readonly #frames = new FramePool();
  #pumpTimer: Timer | undefined;
  #turn = 0;
  #stopped = false;

  constructor(parts: UploadParts) {
    this.#parts = parts;
    const sessions = () => parts.host.sessions();
    this.#rounds = new ChokeRounds(
      {
        random: parts.runtime.random,
        sessions,
        slots: parts.slots,
        servesInTurn: parts.servesInTurn,
        mayBeInNeed: (session) => this.#gifts.mayBeInNeed(session, parts.table.geometry.pieceLength),
        choke: (session) => this.#choke(session),
        unchoke: (session) => this.#unchoke(session),
      },
      parts.runtime.clock.now(),
    );
    this.#pace = new LinePace(sessions, this.meter, this.#gifts);
    const { pieceCount, pieceLength } = parts.table.geometry;
    this.#suggester = new PieceSuggester({ pieceCount, pieceLength, chance: parts.runtime.random.float() });
  }

  stop(): void {
    this.#stopped = true;
    this.#pumpTimer?.cancel();
  }

  /** Resolves once nothing is being read from storage any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
  }

  /** Somebody has become interested: served at once while a slot is free. */
  onInterested(session: PeerSession): void {
    this.#rounds.onInterested(session);
  }

  /** Who was served wants nothing more. */
  onSlotFreed(session: PeerSession): void {
    this.#rounds.onSlotFreed(session);
  }

  /** The link has closed. */
  onClosed(session: PeerSession): void {
    this.#suggester.gone(session.id);
    this.#gifts.gone(session);
    this.#rounds.onSlotFreed(session);
  }

  /** A peer has a piece, from whomever. */
  onHave(session: PeerSession, piece: number): void {
    if (this.#suggester.settled(session.id, piece)) this.#suggest(session);
  }

  /** Throws ShoalError("wire") for a request outside the share; one that cannot be served now is rejected, not punished. */
  onRequest(session: PeerSession, request: InRequest): void {
    const { table } = this.#parts;
    const piece = table.geometry.checkBlock(request.piece, request.begin, request.length, table.geometry.pieceLength);
    const isServed = !session.amChoking && table.have.has(piece) && request.length <= BLOCK_MAX_BYTES;
    if (!isServed || !session.uploads.push(request)) return reject(session, request);
    if (this.#suggester.settled(session.id, piece)) this.#suggest(session);
    this.#pump(session);
  }

  onCancel(session: PeerSession, request: InRequest): void {
    if (session.uploads.cancel(request)) reject(session, request);
  }

  /** The socket has room again. */
  onDrain(session: PeerSession): void {
    this.#pump(session);
  }

  /** A piece is gone: who waits for it is told. */
  onLost(piece: PieceIndex): void {
    for (const session of this.#parts.host.sessions()) {
      session.sendExtension({ type: "dont-have", piece });
      for (const request of session.uploads.take((waiting) => waiting.piece === piece)) reject(session, request);
    }
  }

  /** Pieces that somebody waits for, or of which something is being read. */
  busyPieces(): ReadonlySet<number> {
    const busy = new Set(this.#readPieces.keys());
    for (const { uploads } of this.#parts.host.sessions()) for (const { piece } of uploads.waiting()) busy.add(piece);
    return busy;
  }

  /** To be called about once a second. */
  tick(now: number): void {
    // A limit that was lifted is noticed here.
    for (const session of this.#parts.host.sessions()) this.#pump(session);
    this.#frames.tick(now);
    this.#rounds.tick(now, this.meter.bytesPerSecond(now));
  }

  #unchoke(session: PeerSession): void {
    session.amChoking = false;
    session.chokedSince = this.#parts.runtime.clock.now();
    session.send({ type: "unchoke" });
    this.#suggestToAll();
  }

  #choke(session: PeerSession): void {
    session.amChoking = true;
    session.chokedSince = this.#parts.runtime.clock.now();
    session.send({ type: "choke" });
    this.#suggester.gone(session.id);
    for (const request of session.uploads.take(() => true)) reject(session, request);
  }

  /** One peer alone asks for everything anyhow. */
  #suggestToAll(): void {
    const served = [...this.#parts.host.sessions()].filter(({ amChoking }) => !amChoking);
    if (served.length > 1) for (const session of served) this.#suggest(session);
  }

  /** Only where all is here: two that lack pieces would suggest the same. */
  #suggest(session: PeerSession): void {
    if (!this.#parts.table.isSeed || session.amChoking || !session.remote.supportsFast) return;
    for (const piece of this.#suggester.plan(session.id, this.#parts.isNew)) session.send({ type: "suggest", piece });
  }

  #pump(session: PeerSession): void {
    const { uploads } = session;
    const { runtime, limiter } = this.#parts;
    while (!this.#stopped && uploads.length > 0 && uploads.reading < READS_PER_PEER) {
      const now = runtime.clock.now();
      const { queuedBytes } = session;
      const mayWait = uploads.budget.bytes(now, queuedBytes, this.#parts.sendBufferBytes());
      if (queuedBytes + uploads.readingBytes >= mayWait) return;
      if (limiter.available(now) <= 0) return this.#pumpLater(Math.max(10, limiter.waitMs(UNIT_BYTES, now)));
      if (!this.#parts.servesInTurn() && this.#pace.isAhead(session, now)) return this.#pumpLater(PACE_LOOK_MS);
      const request = uploads.shift();
      if (request === undefined) return;
      limiter.spend(request.length, now);
      const reading = this.#serve(session, request).finally(() => this.#reading.delete(reading));
      this.#reading.add(reading);
    }
  }

  async #serve(session: PeerSession, request: InRequest): Promise<void> {
    const { table, store, host, limiter, runtime } = this.#parts;
    const piece = table.geometry.pieceIndex(request.piece);
    const frame = this.#frames.take(pieceFrameBytes(request.length), runtime.clock.now());
    const { block } = pieceFrame(piece, request.begin, request.length, frame);
    this.#readPieces.set(piece, (this.#readPieces.get(piece) ?? 0) + 1);
    session.uploads.reading++;
    session.uploads.readingBytes += request.length;
    let failure: { readonly error: unknown } | undefined;
    try {
      await store.read(piece, request.begin, block);
    } catch (error) {
      failure = { error };
    }
    this.#readEnded(piece);
    session.uploads.reading--;
    session.uploads.readingBytes -= request.length;
    if (failure !== undefined || this.#stopped || !session.isActive) {
      limiter.refund(request.length);
      if (this.#stopped || !session.isActive) return;
      reject(session, request);
      if (failure !== undefined && table.have.has(piece)) host.onReadFailed(piece, failure.error);
    } else {
      session.upMeter.add(request.length, runtime.clock.now());
      this.meter.add(request.length, runtime.clock.now());
      this.#gifts.add(session, request.length);
      session.uploads.budget.add(frame.length);
      session.sendFrame(frame, this.#frames.give);
      host.onServed(session, piece);
    }
    this.#pump(session);
  }

  #readEnded(piece: PieceIndex): void {
    const others = (this.#readPieces.get(piece) ?? 1) - 1;
    if (others === 0) this.#readPieces.delete(piece);
    else this.#readPieces.set(piece, others);
  }

  #pumpLater(waitMs: number): void {
    if (this.#pumpTimer !== undefined) return;
    const { runtime, host } = this.#parts;
    this.#pumpTimer = runtime.clock.schedule(waitMs, () => {
      this.#pumpTimer = undefined;
      const sessions = [...host.sessions()];
      const first = sessions.length === 0 ? 0 : this.#turn++ % sessions.length;
      for (const session of [...sessions.slice(first), ...sessions.slice(0, first)]) this.#pump(session);
    });
  }
}

/** Says no in the words of BEP 6; a peer without it is left to time out. */
function reject(session: PeerSession, request: InRequest): void {
  if (!session.remote.supportsFast) return;
  session.send({ type: "reject", piece: request.piece, begin: request.begin, length: request.length });
}
