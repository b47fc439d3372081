import type { PeerSession } from "../../peer/peer-session.js";
import type { OutRequest } from "../../peer/request-window.js";

/** A block is asked for elsewhere after max(2 s, 4 × its expected time), at most 10 s … */
const SHORTEST_PATIENCE_MS = 2_000;
const LONGEST_PATIENCE_MS = 10_000;
/** … and after 60 s whatever was expected: where nobody else has it, or where so late blocks came all the same … */
const LAST_PATIENCE_MS = 60_000;
/** … which is waited for so much longer than it took. */
const LATE_TIMES = 1.5;

/** What to do about the requests that a peer has not answered. */
export type Judgement =
  | { readonly kind: "wait" }
  /** Nothing at all has come for a minute. */
  | { readonly kind: "close" }
  /** `isStalled`: nothing comes of any request, rather than of a few that were passed over. */
  | { readonly kind: "give-up"; readonly requests: readonly OutRequest[]; readonly isStalled: boolean };

/** Judges a peer that owes us blocks. `othersHave`: somebody else could send this one. */
export function judgePatience(
  session: PeerSession,
  now: number,
  othersHave: (request: OutRequest) => boolean,
): Judgement {
  const { requests } = session;
  const stalledMs = requests.stalledMs(now);
  if (stalledMs >= LAST_PATIENCE_MS) return { kind: "close" };
  const patience = patienceMs(session, now);
  const isStalled = stalledMs >= patience;
  const late = isStalled && !requests.isSnubbed ? [...requests.outstanding()] : requests.olderThan(patience, now);
  const elsewhere = late.filter(othersHave);
  // A request that was passed over is asked for again in the end, even of the same peer.
  const forgotten = isStalled ? [] : requests.olderThan(LAST_PATIENCE_MS, now);
  const givenUp = [...new Set([...elsewhere, ...forgotten])];
  return givenUp.length === 0 ? { kind: "wait" } : { kind: "give-up", requests: givenUp, isStalled };
}

/**
 * How long a request may wait: by the peer's rate when it last sent something, for the whole queue ahead of it; and longer
 * than what we gave up took to come, where that was more than the longest usual. On a line of our own that is slow everybody is late, and who asks one after the other
 * for the same piece fills it with blocks that nobody waits for any more.
 */
function patienceMs(session: PeerSession, now: number): number {
  const { requests, downMeter } = session;
  const rate = downMeter.bytesPerSecond(Math.min(now, requests.lastBlockAt ?? now));
  const expectedMs = rate === 0 ? 0 : (requests.outstandingBytes * 1_000) / rate;
  const usual = Math.min(LONGEST_PATIENCE_MS, Math.max(SHORTEST_PATIENCE_MS, 4 * expectedMs));
  return requests.lateTripMs <= LONGEST_PATIENCE_MS ? usual : LATE_TIMES * requests.lateTripMs;
}
