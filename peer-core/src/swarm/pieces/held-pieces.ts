import { equalBytes } from "../../base/bytes.js";
import { isShoalError, messageOf } from "../../base/errors.js";
import type { PieceIndex } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { CloseReason } from "../../ports/connection.js";
import type { PieceStore } from "../../ports/piece-store.js";
import type { Runtime } from "../../ports/runtime.js";
import { pieceHash, type Metainfo } from "../../torrent/metainfo.js";
import { CLOSE } from "../../wire/limits.js";
import { Complaints } from "./complaints.js";
import type { PieceTable } from "./piece-table.js";

export interface HeldPiecesParts {
  readonly metainfo: Metainfo;
  readonly store: PieceStore;
  readonly runtime: Runtime;
  readonly table: PieceTable;
  /** A piece has left the table: peers are to be told, and it may be fetched again. */
  readonly onLost: (piece: PieceIndex) => void;
  readonly onWarning: (code: string, message: string) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Takes care of the pieces that are here: says what they are, looks at what is doubted, drops what is rotten. */
export class HeldPieces {
  readonly #parts: HeldPiecesParts;
  readonly #complaints: Complaints;
  readonly #working = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(parts: HeldPiecesParts) {
    this.#parts = parts;
    this.#complaints = new Complaints({
      clock: parts.runtime.clock,
      recheck: (piece) => this.recheck(piece),
      onFailed: (error) => parts.onFailed(error),
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#complaints.stop();
  }

  /** Resolves once nothing reads from or removes from the store any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#working);
  }

  /** Says what we hold, as the first message of a link (BEP 3, BEP 6). */
  tellFirst(session: PeerSession): void {
    const { have } = this.#parts.table;
    if (session.remote.supportsFast && have.isFull) session.send({ type: "have-all" });
    else if (session.remote.supportsFast && have.isEmpty) session.send({ type: "have-none" });
    else if (!have.isEmpty) session.send({ type: "bitfield", bytes: have.toWire() });
  }

  /** To a stranger one `have` for each piece; our own kind takes the whole picture at any time. */
  tellLater(session: PeerSession): void {
    const { have } = this.#parts.table;
    if (have.isEmpty) return;
    if (session.remote.blockMax === undefined) {
      for (const piece of have.indexes()) session.send({ type: "have", piece });
    } else if (have.isFull) {
      session.send({ type: "have-all" });
    } else {
      session.send({ type: "bitfield", bytes: have.toWire() });
    }
  }

  /** Somebody whom we sent something leaves over a bad piece of ours: it is hashed again, and dropped if that is true. */
  onClosed(session: PeerSession, reason: CloseReason): void {
    if (session.upMeter.total === 0 || !reason.remote || reason.code !== CLOSE.badData) return;
    const { table } = this.#parts;
    const index = Number(/^piece (\d{1,7})$/.exec(reason.message)?.[1] ?? Number.NaN);
    if (index < table.have.size && table.have.has(index)) this.#complaints.add(table.geometry.pieceIndex(index));
  }

  /** Reads and hashes a piece that we hold; drops it when it is not what it should be. */
  recheck(piece: PieceIndex): Promise<boolean> {
    return this.#work(this.#recheck(piece));
  }

  onReadFailed(piece: PieceIndex, error: unknown): void {
    const { table, onFailed, onWarning } = this.#parts;
    // A file of the user's that has changed ends the share: nothing of it can be trusted to be what was published.
    if (isShoalError(error, "source-changed")) return onFailed(error);
    if (!table.have.has(piece)) return;
    onWarning("read-failed", `Piece ${piece} cannot be read and is dropped: ${messageOf(error)}`);
    void this.discard(piece);
  }

  /** Drops a piece that is here, and says so; resolves when storage has forgotten it. Never rejects. */
  discard(piece: PieceIndex): Promise<void> {
    const { table, store, onLost, onFailed } = this.#parts;
    if (!table.have.has(piece)) return Promise.resolve();
    table.lose(piece);
    const removing = this.#work(store.remove(piece).catch((error: unknown) => onFailed(error)));
    onLost(piece);
    return removing;
  }

  async #recheck(piece: PieceIndex): Promise<boolean> {
    const { metainfo, store, runtime, table, onWarning } = this.#parts;
    if (!table.have.has(piece)) return false;
    const bytes = new Uint8Array(table.geometry.pieceSize(piece));
    try {
      await store.read(piece, 0, bytes);
    } catch (error) {
      if (!this.#stopped) this.onReadFailed(piece, error);
      return false;
    }
    const isGood = equalBytes(await runtime.hasher.sha1(bytes), pieceHash(metainfo, piece));
    if (!isGood && !this.#stopped && table.have.has(piece)) {
      onWarning("bad-piece", `Piece ${piece} on disk is not what it was and is dropped`);
      // Where one has rotted there may be more: whoever gets them would ban us for them one by one.
      store.distrust?.();
      void this.discard(piece);
    }
    return isGood;
  }

  #work<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
    return tracked;
  }
}
