import { equalBytes } from "../base/bytes.js";
import { isShoalError, messageOf } from "../base/errors.js";
import { assertNever } from "../base/invariant.js";
import type { PieceIndex } from "../base/ids.js";
import type { ByteBudget } from "../base/byte-budget.js";
import type { RateLimiter } from "../base/rate-limiter.js";
import type { PeerMessage, PeerSession } from "../peer/peer-session.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { Runtime } from "../ports/runtime.js";
import { Bitfield } from "../torrent/bitfield.js";
import { pieceHash, type Metainfo } from "../torrent/metainfo.js";
import { Availability } from "./availability.js";
import { Complaints } from "./complaints.js";
import { DownloadFlow } from "./download-flow.js";
import { DownloadScheduler } from "./download-scheduler.js";
import { noteAllPieces, noteFidget, type PiecesMessage } from "./peer-claims.js";
import { PiecePicker } from "./piece-picker.js";
import { PieceTable } from "./piece-table.js";
import { UploadFlow } from "./upload-flow.js";
import { Verifier } from "./verifier.js";

export interface ContentHost {
  sessions(): Iterable<PeerSession>;
  onPiece(piece: PieceIndex): void;
  onLostPiece(piece: PieceIndex): void;
  /** Everything wanted is here; `isFirst`: for the first time, and not from the start. */
  onComplete(isFirst: boolean): void;
  onBadData(sessionId: number, piece: PieceIndex): void;
  onWarning(code: string, message: string): void;
  onFailed(error: unknown): void;
}

export interface ContentOptions {
  readonly metainfo: Metainfo;
  readonly store: PieceStore;
  /** Bytes chosen in each piece; a piece with none is not wanted. */
  readonly chosen: Uint32Array;
  readonly runtime: Runtime;
  readonly limits: {
    readonly upLimiter: RateLimiter;
    readonly downLimiter: RateLimiter;
    readonly sendBufferBytes: () => number;
    /** Memory for pieces under way, of all swarms together. */
    readonly unverified: ByteBudget;
  };
  readonly host: ContentHost;
}

/** What a swarm can do once it knows its metainfo and has its store: pieces in, pieces out. */
export class Content {
  readonly table: PieceTable;
  readonly download: DownloadFlow;
  readonly upload: UploadFlow;
  readonly #options: ContentOptions;
  readonly #availability: Availability;
  readonly #complaints: Complaints;
  readonly #chosenBytes: number;
  readonly #working = new Set<Promise<unknown>>();
  #doneBytes = 0;
  #wasComplete: boolean;
  #stopped = false;

  constructor(options: ContentOptions) {
    const { metainfo, store, chosen, runtime, limits, host } = options;
    this.#options = options;
    const wanted = Bitfield.fromFlags(Uint8Array.from(chosen, (bytes) => (bytes > 0 ? 1 : 0)));
    this.table = new PieceTable(metainfo.geometry, Bitfield.fromFlags(store.present()), wanted);
    this.#chosenBytes = chosen.reduce((sum, bytes) => sum + bytes, 0);
    for (const piece of this.table.have.indexes()) this.#doneBytes += chosen[piece] ?? 0;
    this.#wasComplete = this.table.isComplete;
    this.#availability = new Availability(metainfo.geometry.pieceCount);
    const picker = new PiecePicker(this.table, this.#availability, runtime.random);
    this.download = new DownloadFlow({
      runtime,
      table: this.table,
      scheduler: new DownloadScheduler(
        this.table,
        picker,
        limits.unverified,
        (length) => runtime.hasher.allocate?.(length) ?? new Uint8Array(length),
      ),
      verifier: new Verifier(metainfo, store, runtime.hasher),
      limiter: limits.downLimiter,
      host: {
        sessions: () => host.sessions(),
        onPieceStored: (piece) => this.#onStored(piece),
        onBadData: (sessionId, piece) => host.onBadData(sessionId, piece),
        onStoreFailed: (error) => host.onFailed(error),
      },
    });
    this.#complaints = new Complaints({
      clock: runtime.clock,
      recheck: (piece) => this.recheck(piece),
      onFailed: (error) => host.onFailed(error),
    });
    this.upload = new UploadFlow({
      runtime,
      table: this.table,
      store,
      limiter: limits.upLimiter,
      sendBufferBytes: limits.sendBufferBytes,
      host: {
        sessions: () => host.sessions(),
        onReadFailed: (piece, error) => this.#onReadFailed(piece, error),
      },
    });
  }

  /** Chosen bytes, and those of them that are verified and stored. */
  get progress(): { chosenBytes: number; doneBytes: number } {
    return { chosenBytes: this.#chosenBytes, doneBytes: this.#doneBytes };
  }

  /** To be called when all sessions are closed. */
  stop(): void {
    this.#stopped = true;
    this.#complaints.stop();
    this.download.stop();
    this.upload.stop();
  }

  /** Resolves once nothing reads from or writes to the store any more; call after `stop`, before the store is closed. */
  async settled(): Promise<void> {
    await Promise.all([this.download.settled(), this.upload.settled(), ...this.#working]);
  }

  /** Says what we hold, as the first message of a link (BEP 3, BEP 6). */
  greet(session: PeerSession): void {
    const { have } = this.table;
    if (session.remote.supportsFast && have.isFull) session.send({ type: "have-all" });
    else if (session.remote.supportsFast && have.isEmpty) session.send({ type: "have-none" });
    else if (!have.isEmpty) session.send({ type: "bitfield", bytes: have.toWire() });
    this.#availability.add(session.remote.pieces.adopt(have.size));
  }

  /** Brings in a peer that was connected before the metainfo was known. Throws ShoalError("wire") for what it claimed. */
  introduce(session: PeerSession): void {
    this.#availability.add(session.remote.pieces.adopt(this.table.have.size));
    this.#tellHeld(session);
    this.download.onPieces(session);
    if (session.remote.isInterested) this.upload.onInterested(session);
  }

  /** Throws ShoalError("wire") for what does not fit the share. */
  onMessage(session: PeerSession, message: PeerMessage): void {
    switch (message.type) {
      case "bitfield":
      case "have-all":
      case "have-none":
        return this.#onAllPieces(session, message);
      case "have":
        return this.#onHave(session, message.piece);
      case "dont-have":
        return this.#onDontHave(session, message.piece);
      case "choke":
        return this.download.onChoke(session);
      case "unchoke":
        return this.download.onUnchoke(session);
      case "reject":
        return this.download.onReject(session, message);
      case "piece":
        return this.download.onBlock(session, message);
      case "interested":
        return this.upload.onInterested(session);
      case "request":
        return this.upload.onRequest(session, { piece: message.piece, begin: message.begin, length: message.length });
      case "cancel":
        return this.upload.onCancel(session, { piece: message.piece, begin: message.begin, length: message.length });
      case "not-interested":
        return this.upload.onSlotFreed(session);
      case "suggest":
      case "allowed-fast":
      case "extended-handshake":
      case "metadata":
      case "pex":
      case "upload-only":
        return;
      default:
        return assertNever(message);
    }
  }

  onClosed(session: PeerSession): void {
    const pieces = session.remote.pieces.bitfield;
    if (pieces !== undefined) this.#availability.remove(pieces);
    this.upload.onSlotFreed(session);
    this.download.onClosed(session);
  }

  tick(now: number): void {
    this.download.tick(now);
    this.upload.tick(now);
  }

  /** Somebody whom we sent something says that a piece of ours is bad: it is hashed again, and dropped if that is true. */
  recheckBlamed(index: number): void {
    if (index < this.table.have.size && this.table.have.has(index)) {
      this.#complaints.add(this.table.geometry.pieceIndex(index));
    }
  }

  /** Reads and hashes a piece that we hold; drops it when it is not what it should be. */
  recheck(piece: PieceIndex): Promise<boolean> {
    return this.#work(this.#recheck(piece));
  }

  async #recheck(piece: PieceIndex): Promise<boolean> {
    const { metainfo, store, runtime, host } = this.#options;
    if (!this.table.have.has(piece)) return false;
    const bytes = new Uint8Array(this.table.geometry.pieceSize(piece));
    try {
      await store.read(piece, 0, bytes);
    } catch (error) {
      if (!this.#stopped) this.#onReadFailed(piece, error);
      return false;
    }
    const isGood = equalBytes(await runtime.hasher.sha1(bytes), pieceHash(metainfo, piece));
    if (!isGood && !this.#stopped) {
      host.onWarning("bad-piece", `Piece ${piece} on disk is not what it was and is dropped`);
      this.#lose(piece);
    }
    return isGood;
  }

  #onAllPieces(session: PeerSession, message: PiecesMessage): void {
    const { pieces } = session.remote;
    if (pieces.bitfield !== undefined) this.#availability.remove(pieces.bitfield);
    // Whatever happens below, what is counted stays what is known.
    try {
      noteAllPieces(session, message);
    } finally {
      if (pieces.bitfield !== undefined) this.#availability.add(pieces.bitfield);
    }
    this.download.onPieces(session);
  }

  #onHave(session: PeerSession, piece: number): void {
    const { pieces } = session.remote;
    if (!pieces.onHave(piece) || pieces.bitfield === undefined) return;
    this.#availability.gained(piece, pieces.bitfield);
    this.download.onHave(session, piece);
  }

  #onDontHave(session: PeerSession, piece: number): void {
    noteFidget(session, this.#options.runtime.clock.now());
    const { pieces } = session.remote;
    if (!pieces.onDontHave(piece) || pieces.bitfield === undefined) return;
    this.#availability.lost(piece, pieces.bitfield);
    this.download.onDontHave(session, piece);
  }

  #onStored(piece: PieceIndex): void {
    this.#doneBytes += this.#options.chosen[piece] ?? 0;
    for (const session of this.#options.host.sessions()) {
      if (session.remote.pieces.bitfield?.has(piece) !== true) session.send({ type: "have", piece });
    }
    this.#options.host.onPiece(piece);
    if (!this.table.isComplete) return;
    this.download.onComplete();
    const isFirst = !this.#wasComplete;
    this.#wasComplete = true;
    this.#options.host.onComplete(isFirst);
  }

  #onReadFailed(piece: PieceIndex, error: unknown): void {
    const { host } = this.#options;
    // A file of the user's that has changed ends the share: nothing of it can be trusted to be what was published.
    if (isShoalError(error, "source-changed")) return host.onFailed(error);
    if (!this.table.have.has(piece)) return;
    host.onWarning("read-failed", `Piece ${piece} cannot be read and is dropped: ${messageOf(error)}`);
    this.#lose(piece);
  }

  #lose(piece: PieceIndex): void {
    if (!this.table.have.has(piece)) return;
    this.table.lose(piece);
    this.#doneBytes -= this.#options.chosen[piece] ?? 0;
    void this.#work(this.#options.store.remove(piece).catch((error: unknown) => this.#options.host.onFailed(error)));
    this.upload.onLost(piece);
    this.#options.host.onLostPiece(piece);
    for (const session of this.#options.host.sessions()) this.download.onHave(session, piece);
  }

  /** To a stranger one `have` for each piece; our own kind takes the whole picture at any time. */
  #tellHeld(session: PeerSession): void {
    const { have } = this.table;
    if (have.isEmpty) return;
    if (session.remote.blockMax === undefined) {
      for (const piece of have.indexes()) session.send({ type: "have", piece });
    } else if (have.isFull) {
      session.send({ type: "have-all" });
    } else {
      session.send({ type: "bitfield", bytes: have.toWire() });
    }
  }

  #work<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
    return tracked;
  }
}
