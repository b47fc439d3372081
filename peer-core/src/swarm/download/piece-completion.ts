import { assertNever } from "../../base/invariant.js";
import type { DownloadParts } from "./download-parts.js";
import { FailedPieces } from "./failed-pieces.js";
import type { PieceAssembly } from "./piece-assembly.js";
import type { Verdict } from "./verifier.js";

/** What happens to a piece whose blocks have all come: hashed, then stored, or fetched again with whoever is to blame. */
export class PieceCompletion {
  readonly #parts: DownloadParts;
  /** Something has become free that others may be asked for. */
  readonly #onFreed: () => void;
  readonly #failed: FailedPieces;
  readonly #running = new Set<Promise<void>>();
  #wastedBytes = 0;
  #stopped = false;

  constructor(parts: DownloadParts, onFreed: () => void) {
    this.#parts = parts;
    this.#onFreed = onFreed;
    this.#failed = new FailedPieces(parts.unverified);
  }

  /** Bytes of pieces that failed their hash. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /** How many pieces failed their hash and have not come right since. */
  get failedPieces(): number {
    return this.#failed.count;
  }

  /** Pieces that failed their hash and are kept until it is known who is to blame. */
  failedCopies(): Iterable<PieceAssembly> {
    return this.#failed.copies();
  }

  /** What is being hashed is not stored any more. */
  stop(): void {
    this.#stopped = true;
    this.#failed.clear();
  }

  /** Resolves once no piece is being hashed or stored any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  finish(assembly: PieceAssembly): void {
    const { table, host } = this.#parts;
    table.verify(assembly.piece);
    const running = this.#verify(assembly)
      .catch((error: unknown) => host.onStoreFailed(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #verify(assembly: PieceAssembly): Promise<void> {
    const verdict = await this.#parts.verifier.verify(assembly, () => this.#stopped);
    if (!this.#stopped) this.#onVerdict(assembly, verdict);
  }

  #onVerdict(assembly: PieceAssembly, verdict: Verdict): void {
    const { table, scheduler, host } = this.#parts;
    switch (verdict.kind) {
      case "stored":
        this.#onStored(assembly);
        // Nobody waits for this piece, but for its memory some may.
        if (scheduler.takeWasFull()) this.#onFreed();
        return;
      case "mismatch":
        this.#onMismatch(assembly);
        return this.#onFreed();
      case "store-failed":
        table.drop(assembly.piece);
        scheduler.finished(assembly, false);
        return host.onStoreFailed(verdict.error);
      case "stopped":
        return;
      default:
        assertNever(verdict);
    }
  }

  #onStored(assembly: PieceAssembly): void {
    const { table, scheduler, host } = this.#parts;
    const culprits = this.#failed.onMatch(assembly);
    table.complete(assembly.piece);
    scheduler.finished(assembly, false);
    for (const culprit of culprits) host.onBadData(culprit, assembly.piece);
    host.onPieceStored(assembly.piece, assembly.mainContributor());
  }

  #onMismatch(assembly: PieceAssembly): void {
    const { table, scheduler, host } = this.#parts;
    this.#wastedBytes += assembly.size;
    table.drop(assembly.piece);
    // What came from several may be kept for comparison: its buffer is not used again.
    scheduler.finished(assembly, assembly.contributors().size > 1);
    const culprit = this.#failed.onMismatch(assembly);
    if (culprit === undefined) scheduler.fetchSolo(assembly.piece);
    else host.onBadData(culprit, assembly.piece);
  }
}
