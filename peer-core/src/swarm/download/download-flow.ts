import { ShoalError } from "../../base/errors.js";
import { RateMeter } from "../../base/rate-meter.js";
import type { PieceIndex } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { QUEUE_MS, type OutRequest } from "../../peer/request-window.js";
import type { Timer } from "../../ports/runtime.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import type { BlockHeader } from "../../wire/decode.js";
import { BLOCK_MAX_BYTES, CLOSE } from "../../wire/limits.js";
import type { DownloadParts } from "./download-parts.js";
import { judgePatience } from "./patience.js";
import type { PieceAssembly } from "./piece-assembly.js";
import { PieceCompletion } from "./piece-completion.js";

/** Who refuses a block without choking us is asked again after this long. */
const REFUSED_PAUSE_MS = 1_000;
/** Memory of pieces that blocks are read into at once; others are put together by their links and copied. */
const MAX_LANDING_BYTES = 64 * 1024 * 1024;
/** Idle peers whose pieces are looked through in one tick: with many pieces that is work. */
const INTEREST_CHECKS_PER_TICK = 16;

/** Everything that happens to blocks on their way in: asking, receiving, verifying, blaming, giving up. */
export class DownloadFlow {
  /** Blocks that have come, of all peers together. */
  readonly meter = new RateMeter();
  readonly #parts: DownloadParts;
  readonly #completion: PieceCompletion;
  /** Sessions that are reading a block into a piece. */
  readonly #landing = new Set<number>();
  #wastedBytes = 0;
  #limiterTimer: Timer | undefined;
  #isPlanDue = false;
  #turn = 0;
  /** Up to which look at the line its depth is followed. */
  #depthSteps = 0;
  #stopped = false;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
    this.#completion = new PieceCompletion(parts, () => this.#planAll());
  }

  /** Bytes received that were of no use: duplicates and bad pieces. */
  get wastedBytes(): number {
    return this.#wastedBytes + this.#completion.wastedBytes;
  }

  /** How many pieces failed their hash and have not come right since. */
  get failedPieces(): number {
    return this.#completion.failedPieces;
  }

  /** Pieces of which blocks are asked for, have come or are being hashed. */
  piecesUnderWay(): Iterable<PieceAssembly> {
    return this.#parts.scheduler.assemblies();
  }

  /** Pieces in memory that nobody has vouched for: under way, or kept to find who spoilt them. */
  *unverifiedPieces(): Iterable<PieceAssembly> {
    yield* this.piecesUnderWay();
    yield* this.#completion.failedCopies();
  }

  /** To be called when all sessions are closed. */
  stop(): void {
    this.#stopped = true;
    this.#completion.stop();
    this.#limiterTimer?.cancel();
    this.#parts.scheduler.stop();
  }

  /** Resolves once no piece is being hashed or stored any more. */
  settled(): Promise<void> {
    return this.#completion.settled();
  }

  /** The peer's pieces have become known, or have changed as a whole or by one. */
  updateInterest(session: PeerSession): void {
    const pieces = session.remote.pieces.bitfield;
    const interested = pieces !== undefined && this.#parts.interest.lacksAnyOf(pieces);
    if (interested === session.amInterested) return;
    session.amInterested = interested;
    session.send({ type: interested ? "interested" : "not-interested" });
  }

  /** The peer has told of all its pieces at once. */
  onPieces(session: PeerSession): void {
    this.#parts.scheduler.sourceGained(session.id);
    this.updateInterest(session);
  }

  /** The peer has a piece: it has told so, or we have lost ours. */
  onHave(session: PeerSession, piece: number): void {
    if (!this.#parts.interest.isLacking(piece) || session.remote.pieces.bitfield?.has(piece) !== true) return;
    this.#parts.scheduler.sourceGained(session.id);
    if (!session.amInterested) this.updateInterest(session);
  }

  /** The peer does without the piece from now on; what was asked of it comes no more. */
  onDontHave(session: PeerSession, piece: number): void {
    const gone = [...session.requests.outstanding()].filter((request) => request.piece === piece);
    for (const request of gone) this.#giveUp(session, request);
    this.#parts.scheduler.sourcePaused(session.id);
    if (session.amInterested && this.#parts.interest.isLacking(piece)) this.updateInterest(session);
    if (gone.length > 0) this.#planSoon();
  }

  /** With BEP 6 a choke alone rejects nothing: each request is then answered or rejected. Without, it drops all. */
  onChoke(session: PeerSession): void {
    if (!session.remote.supportsFast) this.#giveUpAll(session);
    this.#parts.scheduler.sourcePaused(session.id);
    this.#planSoon();
  }

  onUnchoke(session: PeerSession): void {
    session.requests.pause(Number.NEGATIVE_INFINITY);
  }

  onReject(session: PeerSession, rejected: { piece: number; begin: number; length: number }): void {
    const { scheduler, limiter, runtime } = this.#parts;
    const request = session.requests.refused(rejected);
    if (request === undefined) return;
    scheduler.released(request);
    limiter.refund(request.length);
    if (!session.remote.isChoking) session.requests.pause(runtime.clock.now() + REFUSED_PAUSE_MS);
    this.#planSoon();
  }

  /** Where a block whose header has come may be read to: into its piece, when it is one that was asked for. */
  landingFor(session: PeerSession, header: BlockHeader): Uint8Array | undefined {
    if (!session.requests.expects(header) || !this.#hasRoomToLand()) return undefined;
    const assembly = this.#parts.scheduler.get(header.piece);
    if (assembly === undefined || (assembly.soloSession ?? session.id) !== session.id) return undefined;
    const landing = assembly.land(header.begin, header.length);
    if (landing !== undefined) this.#landing.add(session.id);
    return landing;
  }

  /** A link that stops within a block keeps the memory of the whole piece, even of one that has been given up. */
  #hasRoomToLand(): boolean {
    const { geometry } = this.#parts.table;
    return this.#landing.size === 0 || (this.#landing.size + 1) * geometry.pieceLength <= MAX_LANDING_BYTES;
  }

  /** Throws ShoalError("wire") for a block that does not fit or was never asked for. */
  onBlock(session: PeerSession, message: { piece: number; begin: number; block: Uint8Array }): void {
    const { runtime, table, scheduler } = this.#parts;
    this.#landing.delete(session.id);
    const { begin, block } = message;
    const now = runtime.clock.now();
    const piece = table.geometry.checkBlock(message.piece, begin, block.length, BLOCK_MAX_BYTES);
    const settled = session.requests.settle(piece, begin, block.length, now);
    if (settled === undefined) throw new ShoalError("wire", `A block of piece ${piece} that was never asked for`);
    session.downMeter.add(block.length, now);
    this.meter.add(block.length, now);
    this.#parts.depth.add(block.length, now);
    this.#followDepth();
    const assembly = scheduler.get(piece);
    if (!settled.late) assembly?.unreserve(assembly.runOf(begin, block.length));
    if (assembly === undefined || assembly.isComplete || (assembly.soloSession ?? session.id) !== session.id) {
      this.#wastedBytes += block.length;
      return;
    }
    this.#wastedBytes += block.length - assembly.add(begin, block, session.id);
    this.#cancelElsewhere(assembly, begin, block.length);
    this.#finishIfComplete(assembly);
  }

  /** One peer alone shows by its window what the line bears. */
  #followDepth(): void {
    const { ms, steps } = this.#parts.depth;
    if (steps === this.#depthSteps) return;
    this.#depthSteps = steps;
    const asked = [...this.#parts.host.sessions()].filter(
      ({ requests, isWebSeed }) => requests.count > 0 && !isWebSeed,
    );
    for (const { requests } of asked) requests.queueMs = asked.length > 1 ? ms : QUEUE_MS;
  }

  onClosed(session: PeerSession): void {
    this.#landing.delete(session.id);
    const owed = session.requests.count > 0;
    this.#giveUpAll(session);
    this.#parts.scheduler.sourceGone(session.id);
    if (owed) this.#planSoon();
  }

  /** Asks a peer for more, as far as windows and limits allow. */
  plan(session: PeerSession): void {
    const pieces = session.remote.pieces.bitfield;
    if (this.#stopped || pieces === undefined || session.remote.isChoking || !session.amInterested) return;
    const { scheduler, limiter, runtime, takesRuns } = this.#parts;
    const now = runtime.clock.now();
    if (session.requests.isPaused(now) || this.#parts.host.isHeldBack(session)) return;
    const available = limiter.available(now);
    if (available <= 0) return this.#planLater(now);
    const { id, requests, remote } = session;
    const { longestBlock, requestQueue, suggestions } = remote;
    const likesRuns = takesRuns || session.isWebSeed;
    const source = { id, pieces, requests, longestBlock, requestQueue, likesRuns, suggestions };
    for (const request of scheduler.plan(source, available, now)) {
      limiter.spend(request.length, now);
      session.send({ type: "request", piece: request.piece, begin: request.begin, length: request.length });
    }
  }

  /** Other pieces are wanted than before. */
  onWanted(): void {
    this.#parts.scheduler.wantedChanged();
    for (const session of this.#parts.host.sessions()) this.updateInterest(session);
    this.#planSoon();
  }

  /** Nobody offers the rest of a piece any more. */
  letGo(piece: PieceIndex): void {
    this.#parts.scheduler.letGo(piece);
  }

  /** Everything wanted is here. */
  onComplete(): void {
    this.#parts.scheduler.allDone();
  }

  /** To be called about once a second: gives up what is late and asks elsewhere. */
  tick(now: number): void {
    const idle: PeerSession[] = [];
    for (const session of [...this.#parts.host.sessions()]) {
      if (session.requests.count > 0) this.#checkPatience(session, now);
      else if (session.amInterested) idle.push(session);
    }
    const first = idle.length === 0 ? 0 : this.#turn % idle.length;
    const turn = [...idle.slice(first), ...idle.slice(0, first)].slice(0, INTEREST_CHECKS_PER_TICK);
    for (const session of turn) this.updateInterest(session);
    this.#parts.scheduler.tick(now);
    this.#planAll();
  }

  /**
   * Every peer's turn, each time beginning with another, so that a limit starves nobody. Those who have just failed to
   * answer come last: they would only take back what was taken from them.
   */
  #planAll(): void {
    const sessions = [...this.#parts.host.sessions()];
    const first = sessions.length === 0 ? 0 : this.#turn++ % sessions.length;
    const turn = [...sessions.slice(first), ...sessions.slice(0, first)];
    for (const session of turn) if (!session.requests.isSnubbed) this.plan(session);
    for (const session of turn) if (session.requests.isSnubbed) this.plan(session);
  }

  /** Once after all that happens in this turn, however much it is. */
  #planSoon(): void {
    if (this.#isPlanDue) return;
    this.#isPlanDue = true;
    void Promise.resolve().then(() => {
      this.#isPlanDue = false;
      if (!this.#stopped) this.#planAll();
    });
  }

  #checkPatience(session: PeerSession, now: number): void {
    const judgement = judgePatience(session, now, (request) => this.#othersHave(session, request));
    if (judgement.kind === "wait") return;
    if (judgement.kind === "close") return session.close(CLOSE.idle, "no answer to our requests");
    if (judgement.isStalled) session.requests.snub();
    for (const request of judgement.requests) {
      session.send({ type: "cancel", piece: request.piece, begin: request.begin, length: request.length });
      this.#giveUp(session, request);
    }
    if (judgement.isStalled) this.#parts.scheduler.sourcePaused(session.id);
  }

  #othersHave(session: PeerSession, request: OutRequest): boolean {
    for (const other of this.#parts.host.sessions()) {
      if (other === session || other.remote.isChoking) continue;
      if (other.requests.isSnubbed && other.requests.count > 0) continue;
      if (other.remote.pieces.bitfield?.has(request.piece) === true) return true;
    }
    return false;
  }

  /** What has come need not come again from others: only in end game, or when a block given up came late after all. */
  #cancelElsewhere(assembly: PieceAssembly, begin: number, length: number): void {
    const { unit, count } = assembly.runOf(begin, length);
    let inFlight = false;
    for (let at = unit; at < unit + count; at++) inFlight ||= assembly.isInFlight(at);
    if (!inFlight) return;
    for (const session of this.#parts.host.sessions()) {
      for (const request of [...session.requests.outstanding()]) {
        if (request.piece !== assembly.piece || !isReceived(assembly, request)) continue;
        session.send({ type: "cancel", piece: request.piece, begin: request.begin, length: request.length });
        this.#giveUp(session, request);
      }
    }
  }

  #finishIfComplete(assembly: PieceAssembly): void {
    if (assembly.isComplete) this.#completion.finish(assembly);
  }

  #giveUp(session: PeerSession, request: OutRequest): void {
    if (!session.requests.giveUp(request)) return;
    this.#parts.scheduler.released(request);
    this.#parts.limiter.refund(request.length);
  }

  #giveUpAll(session: PeerSession): void {
    for (const request of session.requests.releaseAll()) {
      this.#parts.scheduler.released(request);
      this.#parts.limiter.refund(request.length);
    }
  }

  #planLater(now: number): void {
    if (this.#limiterTimer !== undefined) return;
    const { limiter, runtime } = this.#parts;
    this.#limiterTimer = runtime.clock.schedule(Math.max(10, limiter.waitMs(UNIT_BYTES, now)), () => {
      this.#limiterTimer = undefined;
      this.#planAll();
    });
  }
}

function isReceived(assembly: PieceAssembly, request: OutRequest): boolean {
  const { unit, count } = assembly.runOf(request.begin, request.length);
  for (let at = unit; at < unit + count; at++) if (!assembly.isReceived(at)) return false;
  return true;
}
