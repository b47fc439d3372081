import { ShoalError } from "../base/errors.js";
import { assertNever } from "../base/invariant.js";
import type { PieceIndex } from "../base/ids.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import { RateMeter } from "../base/rate-meter.js";
import type { PeerSession } from "../peer/peer-session.js";
import type { OutRequest } from "../peer/request-window.js";
import type { Runtime, Timer } from "../ports/runtime.js";
import { UNIT_BYTES } from "../torrent/geometry.js";
import { BLOCK_MAX_BYTES, CLOSE } from "../wire/limits.js";
import type { DownloadScheduler } from "./download-scheduler.js";
import { FailedPieces } from "./failed-pieces.js";
import type { PieceAssembly } from "./piece-assembly.js";
import type { PieceTable } from "./piece-table.js";
import type { Verifier } from "./verifier.js";

/** Whom the download tells. */
export interface DownloadHost {
  sessions(): Iterable<PeerSession>;
  onPieceStored(piece: PieceIndex): void;
  /** Bad data was sent in this session, which may be closed by now. */
  onBadData(sessionId: number, piece: PieceIndex): void;
  onStoreFailed(error: unknown): void;
}

export interface DownloadParts {
  readonly runtime: Runtime;
  readonly host: DownloadHost;
  readonly table: PieceTable;
  readonly scheduler: DownloadScheduler;
  readonly verifier: Verifier;
  readonly limiter: RateLimiter;
}

/** A block is asked for elsewhere after max(2 s, 4 × its expected time), at most 10 s … */
const SHORTEST_PATIENCE_MS = 2_000;
const LONGEST_PATIENCE_MS = 10_000;
/** … and after 60 s where nobody else has it. */
const LAST_PATIENCE_MS = 60_000;

/** Everything that happens to blocks on their way in: asking, receiving, verifying, blaming, giving up. */
export class DownloadFlow {
  /** Blocks that have come, of all peers together. */
  readonly meter = new RateMeter();
  readonly #parts: DownloadParts;
  readonly #failed = new FailedPieces();
  #wastedBytes = 0;
  #limiterTimer: Timer | undefined;
  #turn = 0;
  #stopped = false;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** Bytes received that were of no use: duplicates and bad pieces. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  stop(): void {
    this.#stopped = true;
    this.#limiterTimer?.cancel();
  }

  /** The peer's pieces have become known, or have changed as a whole or by one. */
  updateInterest(session: PeerSession): void {
    const pieces = session.remote.pieces.bitfield;
    const interested = pieces !== undefined && this.#parts.table.lacksAnyOf(pieces);
    if (interested === session.amInterested) return;
    session.amInterested = interested;
    session.send({ type: interested ? "interested" : "not-interested" });
  }

  onHave(session: PeerSession, piece: number): void {
    if (!session.amInterested && this.#parts.table.isLacking(piece)) this.updateInterest(session);
  }

  /** The peer does without the piece from now on; what was asked of it comes no more. */
  onDontHave(session: PeerSession, piece: number): void {
    const gone = [...session.requests.outstanding()].filter((request) => request.piece === piece);
    for (const request of gone) this.#giveUp(session, request);
    this.updateInterest(session);
  }

  /** With BEP 6 a choke alone rejects nothing: each request is then answered or rejected. Without, it drops all. */
  onChoke(session: PeerSession): void {
    if (!session.remote.supportsFast) this.#giveUpAll(session);
  }

  onReject(session: PeerSession, rejected: { piece: number; begin: number; length: number }): void {
    const request = session.requests.release(rejected.piece, rejected.begin);
    if (request === undefined) return;
    this.#parts.scheduler.released(request);
    this.#parts.limiter.refund(request.length);
  }

  /** Throws ShoalError("wire") for a block that does not fit or was never asked for. */
  onBlock(session: PeerSession, message: { piece: number; begin: number; block: Uint8Array }): void {
    const { runtime, table, scheduler } = this.#parts;
    const { begin, block } = message;
    const now = runtime.clock.now();
    const piece = table.geometry.checkBlock(message.piece, begin, block.length, BLOCK_MAX_BYTES);
    const settled = session.requests.settle(piece, begin, block.length, now);
    if (settled === undefined) throw new ShoalError("wire", `A block of piece ${piece} that was never asked for`);
    session.downMeter.add(block.length, now);
    this.meter.add(block.length, now);
    const assembly = scheduler.get(piece);
    if (!settled.late) assembly?.unreserve(assembly.runOf(begin, block.length));
    if (assembly === undefined || assembly.isComplete || (assembly.soloSession ?? session.id) !== session.id) {
      this.#wastedBytes += block.length;
      return;
    }
    this.#wastedBytes += block.length - assembly.add(begin, block, session.id);
    this.#cancelElsewhere(assembly, begin, block.length);
    this.#verifyIfComplete(assembly);
  }

  onClosed(session: PeerSession): void {
    this.#giveUpAll(session);
    this.#parts.scheduler.sourceLost(session.id);
    this.planAll();
  }

  /** Asks a peer for more, as far as windows and limits allow. */
  plan(session: PeerSession): void {
    const pieces = session.remote.pieces.bitfield;
    if (this.#stopped || pieces === undefined || session.remote.isChoking || !session.amInterested) return;
    const { scheduler, limiter, runtime } = this.#parts;
    const now = runtime.clock.now();
    const available = limiter.available(now);
    if (available <= 0) return this.#planLater(now);
    const { id, requests, remote } = session;
    const source = { id, pieces, requests, longestBlock: remote.longestBlock, requestQueue: remote.requestQueue };
    for (const request of scheduler.plan(source, available, now)) {
      limiter.spend(request.length, now);
      session.send({ type: "request", piece: request.piece, begin: request.begin, length: request.length });
    }
  }

  /** Every peer's turn, each time beginning with another, so that a limit starves nobody. */
  planAll(): void {
    const sessions = [...this.#parts.host.sessions()];
    const first = sessions.length === 0 ? 0 : this.#turn++ % sessions.length;
    for (const session of [...sessions.slice(first), ...sessions.slice(0, first)]) this.plan(session);
  }

  /** To be called about once a second: gives up what is late and asks elsewhere. */
  tick(now: number): void {
    for (const session of this.#parts.host.sessions()) {
      if (session.requests.count > 0) this.#checkPatience(session, now);
      else if (session.amInterested) this.updateInterest(session);
    }
    this.planAll();
  }

  #checkPatience(session: PeerSession, now: number): void {
    const stalledMs = session.requests.stalledMs(now);
    const requests = [...session.requests.outstanding()];
    if (stalledMs >= LAST_PATIENCE_MS) return session.close(CLOSE.idle, "no answer to our requests");
    if (stalledMs < patienceMs(session, requests, now) || !this.#othersHave(session, requests)) return;
    session.requests.snub();
    for (const request of requests) {
      session.send({ type: "cancel", piece: request.piece, begin: request.begin, length: request.length });
      this.#giveUp(session, request);
    }
    this.#parts.scheduler.sourceLost(session.id);
  }

  #othersHave(session: PeerSession, requests: readonly OutRequest[]): boolean {
    for (const other of this.#parts.host.sessions()) {
      if (other === session || other.remote.isChoking || other.requests.isSnubbed) continue;
      const pieces = other.remote.pieces.bitfield;
      if (pieces !== undefined && requests.some((request) => pieces.has(request.piece))) return true;
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

  #verifyIfComplete(assembly: PieceAssembly): void {
    if (!assembly.isComplete) return;
    this.#parts.table.verify(assembly.piece);
    void this.#verify(assembly);
  }

  async #verify(assembly: PieceAssembly): Promise<void> {
    const { table, scheduler, verifier, host } = this.#parts;
    const { piece } = assembly;
    const verdict = await verifier.verify(assembly);
    if (this.#stopped) return;
    switch (verdict.kind) {
      case "stored": {
        const culprits = this.#failed.onMatch(assembly);
        table.complete(piece);
        scheduler.finished(assembly, false);
        for (const culprit of culprits) host.onBadData(culprit, piece);
        host.onPieceStored(piece);
        // Nobody waits for this piece, but for its memory some may.
        if (!scheduler.takeWasFull()) return;
        break;
      }
      case "mismatch":
        this.#onMismatch(assembly);
        break;
      case "store-failed":
        table.drop(piece);
        scheduler.finished(assembly, false);
        host.onStoreFailed(verdict.error);
        break;
      default:
        assertNever(verdict);
    }
    this.planAll();
  }

  #onMismatch(assembly: PieceAssembly): void {
    const { table, scheduler, host } = this.#parts;
    const culprit = this.#failed.onMismatch(assembly);
    this.#wastedBytes += assembly.bytes.length;
    table.drop(assembly.piece);
    scheduler.finished(assembly, this.#failed.keeps(assembly));
    if (culprit === undefined) scheduler.fetchSolo(assembly.piece);
    else host.onBadData(culprit, assembly.piece);
  }

  #giveUp(session: PeerSession, request: OutRequest): void {
    if (session.requests.release(request.piece, request.begin) === undefined) return;
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
      this.planAll();
    });
  }
}

function isReceived(assembly: PieceAssembly, request: OutRequest): boolean {
  const { unit, count } = assembly.runOf(request.begin, request.length);
  for (let at = unit; at < unit + count; at++) if (!assembly.isReceived(at)) return false;
  return true;
}

function patienceMs(session: PeerSession, requests: readonly OutRequest[], now: number): number {
  const longest = requests.reduce((most, request) => Math.max(most, request.length), 0);
  const rate = session.downMeter.bytesPerSecond(now);
  const expectedMs = rate === 0 ? 0 : (longest * 1_000) / rate;
  return Math.min(LONGEST_PATIENCE_MS, Math.max(SHORTEST_PATIENCE_MS, 4 * expectedMs));
}
