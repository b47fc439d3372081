import type { WireId } from "../src/announce/protocol.js";
import type { Clock, Timer } from "../src/ports/runtime.js";
import type { HeldPieces } from "../src/ports/tracker-channel.js";

/** What the protocol allows per swarm; the tracker drops what comes faster. */
const HAVE_GAP_MS = 5_000;
/** Indexes in one message: 7 digits and a comma each stay well below the tracker's 256 KiB. */
const MAX_INDEXES = 16_384;

type WholeReport = Exclude<HeldPieces, { kind: "indexes" }>;

/** What waits to be reported for one swarm: a whole statement if there is one, then pieces that came after it. */
interface Reports {
  whole: WholeReport | undefined;
  readonly indexes: Set<number>;
  /** Set while the gap after a report lasts. */
  gap: Timer | undefined;
  isRegistered: boolean;
}

/** Gathers reports of held pieces: one message per swarm and gap, and only once the tracker knows us in that swarm. */
export class HaveReports {
  readonly #clock: Clock;
  readonly #send: (infoHash: WireId, pieces: HeldPieces) => void;
  readonly #swarms = new Map<WireId, Reports>();

  constructor(clock: Clock, send: (infoHash: WireId, pieces: HeldPieces) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(infoHash: WireId, held: HeldPieces): void {
    const reports = this.#of(infoHash);
    if (held.kind === "indexes") {
      for (const piece of held.pieces) reports.indexes.add(piece);
    } else {
      reports.whole = held;
      reports.indexes.clear();
    }
    this.#flush(infoHash, reports);
  }

  /** An announce was answered: from now on the tracker takes reports for this swarm. */
  onRegistered(infoHash: WireId): void {
    const reports = this.#of(infoHash);
    reports.isRegistered = true;
    this.#flush(infoHash, reports);
  }

  /** The swarm was left: nothing more is reported for it. */
  forget(infoHash: WireId): void {
    this.#swarms.get(infoHash)?.gap?.cancel();
    this.#swarms.delete(infoHash);
  }

  /** The line was lost: the tracker knows us in no swarm until the next announce. */
  onLost(): void {
    for (const reports of this.#swarms.values()) reports.isRegistered = false;
  }

  close(): void {
    for (const infoHash of [...this.#swarms.keys()]) this.forget(infoHash);
  }

  #of(infoHash: WireId): Reports {
    const known = this.#swarms.get(infoHash);
    if (known !== undefined) return known;
    const made: Reports = { whole: undefined, indexes: new Set(), gap: undefined, isRegistered: false };
    this.#swarms.set(infoHash, made);
    return made;
  }

  #flush(infoHash: WireId, reports: Reports): void {
    if (!reports.isRegistered || reports.gap !== undefined) return;
    const next = takeNext(reports);
    if (next === undefined) return;
    this.#send(infoHash, next);
    reports.gap = this.#clock.schedule(HAVE_GAP_MS, () => {
      reports.gap = undefined;
      this.#flush(infoHash, reports);
    });
  }
}

function takeNext(reports: Reports): HeldPieces | undefined {
  const { whole, indexes } = reports;
  reports.whole = undefined;
  if (whole !== undefined) return withPieces(whole, indexes);
  if (indexes.size === 0) return undefined;
  const pieces = [...indexes].slice(0, MAX_INDEXES);
  for (const piece of pieces) indexes.delete(piece);
  return { kind: "indexes", pieces };
}

/** What has come since the statement was made goes into it: behind it, it would be reported a gap later. */
function withPieces(whole: WholeReport, indexes: Set<number>): WholeReport {
  const bytes = whole.kind === "all" ? undefined : whole.bytes.slice();
  for (const piece of indexes)
    if (bytes !== undefined) bytes[piece >> 3] = (bytes[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
  indexes.clear();
  return bytes === undefined ? whole : { kind: "bitfield", bytes };
}
