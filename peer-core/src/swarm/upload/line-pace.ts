import type { RateMeter } from "../../base/rate-meter.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import type { Gifts } from "./gifts.js";

/** What waits in all sockets together while we want something ourselves: what our line carries in so long, less than a window's queue … */
const PACE_MS = 75;
/** … but two units at least, so that it never runs dry. */
const MIN_PACE_BYTES = 2 * UNIT_BYTES;

/**
 * Who still lacks something asks for it behind what waits in its own line: were all that others ask for handed over at
 * once, a slow line's own requests would be seconds late. And who waits for its turn here, rather than in a socket, can be
 * passed over: free riders are served last. One peer alone shows by its window what the line bears.
 */
export class LinePace {
  readonly #sessions: () => Iterable<PeerSession>;
  readonly #meter: RateMeter;
  readonly #gifts: Gifts;

  /** `meter`: of all that is handed to sockets. */
  constructor(sessions: () => Iterable<PeerSession>, meter: RateMeter, gifts: Gifts) {
    this.#sessions = sessions;
    this.#meter = meter;
    this.#gifts = gifts;
  }

  /** True while enough waits in the line, so that nothing more is handed to this peer's socket. */
  isAhead(session: PeerSession, now: number): boolean {
    let waiting = 0;
    let served = 0;
    for (const { queuedBytes, uploads, amChoking } of this.#sessions()) {
      waiting += queuedBytes + uploads.readingBytes;
      if (!amChoking) served++;
    }
    if (served <= 1) return false;
    if (waiting > 0 && this.#gifts.mustWait(session, served)) return true;
    return waiting >= Math.max(MIN_PACE_BYTES, (this.#meter.bytesPerSecond(now) * PACE_MS) / 1_000);
  }
}
