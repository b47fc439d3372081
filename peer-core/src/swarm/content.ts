import { assertNever } from "../base/invariant.js";
import type { PieceIndex } from "../base/ids.js";
import type { PeerMessage, PeerSession } from "../peer/peer-session.js";
import type { CloseReason } from "../ports/connection.js";
import { Bitfield } from "../torrent/bitfield.js";
import { ClaimedPieces } from "./claimed-pieces.js";
import type { ContentOptions } from "./content-options.js";
import { SLOTS_OF_RELAY } from "./upload/choker.js";
import { DownloadFlow } from "./download/download-flow.js";
import { DownloadScheduler } from "./download/download-scheduler.js";
import { ChosenProgress } from "./pieces/chosen-progress.js";
import { HeldPieces } from "./pieces/held-pieces.js";
import { noteFidget } from "./peer-claims.js";
import { PiecePicker } from "./download/piece-picker.js";
import { PieceTable } from "./pieces/piece-table.js";
import type { MakeRelayFlow, RelayFlow } from "./relay/relay-flow.js";
import { UploadFlow } from "./upload/upload-flow.js";
import { Verifier } from "./download/verifier.js";

/** What a swarm can do once it knows its metainfo and has its store: pieces in, pieces out. */
export class Content {
  readonly table: PieceTable;
  readonly download: DownloadFlow;
  readonly upload: UploadFlow;
  readonly held: HeldPieces;
  readonly progress: ChosenProgress;
  /** Undefined where we are no relay. */
  readonly relay: RelayFlow | undefined;
  readonly #options: ContentOptions;
  readonly #claimed: ClaimedPieces;
  #wasComplete: boolean;

  constructor(options: ContentOptions) {
    const { metainfo, store, chosen, runtime, limits, host } = options;
    this.#options = options;
    const isWanted = (bytes: number) => (bytes > 0 && options.relay === undefined ? 1 : 0);
    const wanted = Bitfield.fromFlags(Uint8Array.from(chosen, isWanted));
    this.table = new PieceTable(metainfo.geometry, Bitfield.fromFlags(store.present()), wanted);
    this.progress = new ChosenProgress(chosen, this.table.have);
    this.#wasComplete = this.isComplete;
    this.#claimed = new ClaimedPieces(metainfo.geometry.pieceCount);
    this.relay = options.relay && this.#createRelay(options.relay);
    const picker = new PiecePicker(this.table, this.#claimed.availability, runtime.random);
    this.download = new DownloadFlow({
      runtime,
      table: this.table,
      scheduler: new DownloadScheduler(
        this.table,
        picker,
        limits.unverified,
        (length) => runtime.hasher.allocate?.(length) ?? new Uint8Array(length),
        this.relay !== undefined,
      ),
      verifier: new Verifier(metainfo, store, runtime.hasher),
      unverified: limits.unverified,
      limiter: limits.downLimiter,
      depth: limits.depth,
      interest: this.relay ?? this.table,
      takesRuns: this.relay !== undefined,
      host: {
        sessions: () => host.sessions(),
        isHeldBack: (session) => host.isHeldBack(session),
        onPieceStored: (piece, sessionId) => this.#onStored(piece, sessionId),
        onBadData: (sessionId, piece) => host.onBadData(sessionId, piece),
        onStoreFailed: (error) => host.onFailed(error),
      },
    });
    this.held = new HeldPieces({
      metainfo,
      store,
      runtime,
      table: this.table,
      onLost: (piece) => this.#onLost(piece),
      onWarning: (code, message) => host.onWarning(code, message),
      onFailed: (error) => host.onFailed(error),
    });
    this.upload = new UploadFlow({
      runtime,
      table: this.table,
      store,
      limiter: limits.upLimiter,
      sendBufferBytes: limits.sendBufferBytes,
      slots: this.relay && SLOTS_OF_RELAY,
      isNew: (piece) => this.#claimed.availability.of(piece) === 0,
      servesInTurn: () => this.relay !== undefined || this.table.isComplete,
      host: {
        sessions: () => host.sessions(),
        onServed: (session, piece) => this.relay?.onServed(session, piece),
        onReadFailed: (piece, error) => this.held.onReadFailed(piece, error),
      },
    });
  }

  /** Everything that we want is here: for a relay, all there is. */
  get isComplete(): boolean {
    return this.#options.relay === undefined ? this.table.isComplete : this.table.isSeed;
  }

  /** A peer holds a piece that is not here, wanted or not. */
  lacksAnyOf({ remote }: PeerSession): boolean {
    const news = remote.pieces.bitfield?.clone();
    news?.subtract(this.table.have);
    return news !== undefined && !news.isEmpty;
  }

  /** Pieces that are wanted and not here; of a relay, what its own peers want. */
  lacking(): Bitfield {
    return this.relay?.ownDemand() ?? this.table.lacking();
  }

  /** To be called when all sessions are closed. */
  stop(): void {
    this.relay?.stop();
    this.held.stop();
    this.download.stop();
    this.upload.stop();
  }

  /** Resolves once nothing reads from or writes to the store any more; call after `stop`, before the store is closed. */
  async settled(): Promise<void> {
    await Promise.all([this.download.settled(), this.upload.settled(), this.held.settled()]);
  }

  /** Says what we hold, as the first message of a link (BEP 3, BEP 6). */
  greet(session: PeerSession): void {
    this.held.tellFirst(session);
    this.#take(session);
  }

  /** Brings in a peer that was connected before the metainfo was known. Throws ShoalError("wire") for what it claimed. */
  introduce(session: PeerSession): void {
    this.#take(session);
    this.held.tellLater(session);
    this.download.onPieces(session);
    if (session.remote.isInterested) this.upload.onInterested(session);
  }

  /** Throws ShoalError("wire") for what does not fit the share. */
  onMessage(session: PeerSession, message: PeerMessage): void {
    switch (message.type) {
      case "bitfield":
      case "have-all":
      case "have-none":
        this.#claimed.replace(session, message);
        this.download.onPieces(session);
        return this.relay?.onChange();
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
      case "want":
      case "kept":
        return this.relay?.onChange();
      case "cancel":
        return this.upload.onCancel(session, { piece: message.piece, begin: message.begin, length: message.length });
      case "not-interested":
        return this.upload.onSlotFreed(session);
      case "suggest":
        return session.remote.suggestions.add(message.piece);
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

  /** The peer has told more of itself. */
  onIntroduced(session: PeerSession): void {
    this.relay?.onPeer(session);
  }

  onClosed(session: PeerSession, reason: CloseReason): void {
    this.#claimed.forget(session);
    this.upload.onClosed(session);
    this.download.onClosed(session);
    this.relay?.onClosed(session);
    this.held.onClosed(session, reason);
  }

  tick(now: number): void {
    this.relay?.tick(now);
    this.download.tick(now);
    this.upload.tick(now);
  }

  #createRelay(make: MakeRelayFlow): RelayFlow {
    const { host, runtime } = this.#options;
    return make({
      table: this.table,
      clock: runtime.clock,
      sessions: () => host.sessions(),
      offersOf: (piece) => this.#claimed.availability.of(piece),
      downRate: (now) => this.download.meter.bytesPerSecond(now),
      busyPieces: () => this.upload.busyPieces(),
      onWanted: () => this.download.onWanted(),
      letGo: (piece) => this.download.letGo(piece),
      discard: (piece) => this.held.discard(piece),
    });
  }

  /** What the peer said before can be held against the share. Throws ShoalError("wire"). */
  #take(session: PeerSession): void {
    this.#claimed.take(session);
    session.remote.wants.adopt(this.table.have.size);
    this.relay?.onPeer(session);
  }

  #onHave(session: PeerSession, piece: number): void {
    if (!this.#claimed.gained(session, piece)) return;
    this.upload.onHave(session, piece);
    this.download.onHave(session, piece);
    this.relay?.onChange();
  }

  #onDontHave(session: PeerSession, piece: number): void {
    noteFidget(session, this.#options.runtime.clock.now());
    if (!this.#claimed.lost(session, piece)) return;
    // It may never have heard that we hold it: to those who had it that was no news.
    if (this.table.have.has(piece)) session.sendSoon({ type: "have", piece });
    this.download.onDontHave(session, piece);
    this.relay?.onChange();
  }

  #onStored(piece: PieceIndex, sessionId: number): void {
    this.progress.onStored(piece);
    for (const session of this.#options.host.sessions()) {
      // A relay that gave us the piece has to hear that it has arrived: it fetches ahead of what we have.
      const isNews = session.remote.isRelay || session.remote.pieces.bitfield?.has(piece) !== true;
      if (isNews) session.sendSoon({ type: "have", piece });
    }
    this.relay?.onStored(piece);
    this.#options.host.onPiece(piece, sessionId);
    if (!this.isComplete) return;
    this.download.onComplete();
    const isFirst = !this.#wasComplete;
    this.#wasComplete = true;
    this.#options.host.onComplete(isFirst);
  }

  #onLost(piece: PieceIndex): void {
    const wasWhole = this.progress.onLost(piece);
    // The user's own file is not mended: nobody has asked for that.
    if (this.#options.store.isReadOnly === true) this.table.unwant(piece);
    this.upload.onLost(piece);
    this.#options.host.onLostPiece(wasWhole);
    for (const session of this.#options.host.sessions()) this.download.onHave(session, piece);
    this.relay?.onChange();
  }
}
