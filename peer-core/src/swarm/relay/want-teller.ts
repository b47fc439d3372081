import type { PeerSession } from "../../peer/peer-session.js";
import type { Bitfield } from "../../torrent/bitfield.js";

export interface WantTellerParts {
  readonly sessions: () => Iterable<PeerSession>;
  /** What is wanted and not here, as a set of the caller's own; undefined before the metainfo is known. */
  readonly lacking: () => Bitfield | undefined;
  /** Somebody is being dialled, who may have it all. */
  readonly isDialing: () => boolean;
}

/** Wants change with every piece: a relay hears of it once a second (a tick may come a little early), but of their end at once. */
const TOLD_EVERY_MS = 900;

/**
 * A relay is first told of wants so long after its link stands at the latest, while somebody may be about to offer all of
 * it directly: what a relay was asked for it fetches and sends, tens of MiB on a fast line, before it hears otherwise.
 */
const MEETING_MS = 900;

/** Whoever has not answered for so long offers nothing, whatever it claims: a request is not left with it longer either. */
const SILENT_MS = 10_000;
/** Nor does who has let us wait for a turn so long without a block: two turns, in which a relay could have helped. */
const CHOKING_MS = 60_000;

/** Tells each connected relay, and nobody else, which pieces we want and get from nobody directly. */
export class WantTeller {
  readonly #parts: WantTellerParts;
  readonly #told = new Map<number, { readonly wants: Bitfield; readonly at: number }>();

  constructor(parts: WantTellerParts) {
    this.#parts = parts;
  }

  /**
   * What no peer that is connected directly and no relay offers; undefined before the metainfo is known. Who claims
   * everything and gives nothing must not keep from us what relays would bring.
   */
  unoffered(now: number): Bitfield | undefined {
    const wants = this.#parts.lacking();
    if (wants === undefined || wants.isEmpty) return wants;
    for (const session of this.#parts.sessions()) {
      const { isRelay, pieces } = session.remote;
      if (!isRelay && pieces.bitfield !== undefined && gives(session, now)) wants.subtract(pieces.bitfield);
    }
    return wants;
  }

  /** To be called about once a second, and when a relay, a share, or what a peer has, has become known. */
  tick(now: number): void {
    let wants: Bitfield | undefined;
    for (const session of this.#parts.sessions()) {
      if (!session.remote.isRelay) continue;
      const told = this.#told.get(session.id);
      const isEarly = told !== undefined && now - told.at < TOLD_EVERY_MS;
      if (told === undefined && this.#parts.isDialing() && now - (session.openedAt ?? 0) < MEETING_MS) continue;
      wants ??= this.unoffered(now);
      if (wants === undefined) return;
      // Somebody who has it all has been reached: what a relay fetches until it hears of that was fetched in vain.
      if (isEarly && !wants.isEmpty) continue;
      if (told === undefined ? wants.isEmpty : told.wants.equals(wants)) continue;
      session.sendExtension({ type: "want", bits: wants.toWire() });
      this.#told.set(session.id, { wants, at: now });
    }
  }

  forget(session: PeerSession): void {
    this.#told.delete(session.id);
  }
}

/** It sends what it is asked for, or may do so soon. */
function gives({ requests, remote, openedAt }: PeerSession, now: number): boolean {
  if (requests.isSnubbed || requests.stalledMs(now) >= SILENT_MS) return false;
  const heardAt = Math.max(openedAt ?? now, requests.lastBlockAt ?? Number.NEGATIVE_INFINITY);
  return !remote.isChoking || now - heardAt < CHOKING_MS;
}
