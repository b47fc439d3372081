import { Bitfield } from "../../torrent/bitfield.js";

/** A peer that a relay fetches for. */
export interface Downloader {
  /** Pieces that it wants and does not have. */
  readonly wants: Bitfield;
  /** What it takes from us, bytes per second. */
  readonly bytesPerSecond: number;
}

export interface DemandView {
  readonly downloaders: readonly Downloader[];
  /** Pieces that are here, under way, or chosen to be fetched. */
  readonly ahead: Bitfield;
  readonly pieceLength: number;
  /** Bytes that may wait for one downloader at most, whatever it takes. */
  readonly mostAheadBytes: number;
  /** How many connected peers offer a piece. */
  readonly offersOf: (piece: number) => number;
}

/** Pieces that wait for a downloader at least: one to be fetched while it takes the other. */
export const FEWEST_AHEAD = 2;
/** What a downloader takes in this time is fetched ahead of it: it hides the way to the source and a turn of the choker. */
const AHEAD_SECONDS = 3;
/** Pieces among which the rarest is looked for: with a million of them that is work. */
const MOST_COMPARED = 4_096;

/** Pieces that some downloader wants and does not have. */
export function demandOf(downloaders: readonly Downloader[], pieceCount: number): Bitfield {
  const demand = new Bitfield(pieceCount);
  for (const { wants } of downloaders) demand.unite(wants);
  return demand;
}

/**
 * The pieces to fetch next, the most urgent first. Nobody has more waiting for it than it takes in a few seconds, so who
 * is slow or paused asks for next to nothing and the fastest drives the fetch; and as all are counted ahead who want a
 * piece, it is fetched once for all of them. First come two pieces for each, then what the fastest has room for.
 */
export function piecesToFetch(view: DemandView): number[] {
  const fastestFirst = [...view.downloaders].sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  const queues = fastestFirst.map((downloader) => queueFor(downloader, view));
  const chosen = new Bitfield(view.ahead.size);
  for (const queue of queues) fill(queue, Math.min(queue.limit, FEWEST_AHEAD), chosen);
  for (const queue of queues) fill(queue, queue.limit, chosen);
  return queues.flatMap(({ early }) => early).concat(queues.flatMap(({ late }) => late));
}

interface Queue {
  readonly wants: Bitfield;
  /** Pieces wanted that are here or chosen already. */
  readonly waiting: number;
  /** Pieces that may wait. */
  readonly limit: number;
  /** What could be fetched for it, the best first; `next` is where it has been looked through to. */
  readonly candidates: readonly number[];
  next: number;
  readonly early: number[];
  readonly late: number[];
}

function queueFor({ wants, bytesPerSecond }: Downloader, view: DemandView): Queue {
  const bytes = Math.min(view.mostAheadBytes, AHEAD_SECONDS * bytesPerSecond);
  const limit = Math.max(FEWEST_AHEAD, Math.ceil(bytes / view.pieceLength));
  const waiting = wants.overlap(view.ahead);
  const candidates = waiting >= limit ? [] : candidatesFor(wants, view);
  return { wants, waiting, limit, candidates, next: 0, early: [], late: [] };
}

/** Those that are offered, the rarest first, then in their order: who wants the same is served by the same fetch. */
function candidatesFor(wants: Bitfield, { ahead, offersOf }: DemandView): number[] {
  const lacking = wants.clone();
  lacking.subtract(ahead);
  const found: { piece: number; offers: number }[] = [];
  for (const piece of lacking.indexes()) {
    const offers = offersOf(piece);
    if (offers > 0 && found.push({ piece, offers }) >= MOST_COMPARED) break;
  }
  return found.sort((a, b) => a.offers - b.offers).map(({ piece }) => piece);
}

function fill(queue: Queue, limit: number, chosen: Bitfield): void {
  const list = limit <= FEWEST_AHEAD ? queue.early : queue.late;
  let waiting = queue.waiting + queue.wants.overlap(chosen);
  while (waiting < limit) {
    const piece = queue.candidates[queue.next];
    if (piece === undefined) return;
    queue.next++;
    if (!chosen.set(piece)) continue;
    list.push(piece);
    waiting++;
  }
}
