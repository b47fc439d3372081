import type { PeerSession } from "../../peer/peer-session.js";
import { CLOSE } from "../../wire/limits.js";

export interface UsefulnessOptions {
  readonly amDialable: () => boolean;
  /** Everything that we want is here. */
  readonly amComplete: () => boolean;
  /** Relays are asked to keep the share. */
  readonly asksToKeep: boolean;
  /** The metainfo is known and storage is open. */
  readonly isOpen: () => boolean;
  /** A peer holds a piece that is not here, wanted or not: set for a relay, which passes on what others hold. */
  readonly hasNews?: ((session: PeerSession) => boolean) | undefined;
}

/** A link between peers that can dial each other again and have nothing for each other ends after this long. */
const USELESS_MS = 5 * 60_000;

/**
 * Ends links that lead to nothing. A peer that cannot be dialled is never sent away: it could not be found again when
 * it is needed.
 */
export class Usefulness {
  readonly #options: UsefulnessOptions;
  readonly #usefulAt = new Map<number, number>();

  constructor(options: UsefulnessOptions) {
    this.#options = options;
  }

  /** Something passed, or a link has opened. */
  note(session: PeerSession, now: number): void {
    this.#usefulAt.set(session.id, now);
  }

  forget(session: PeerSession): void {
    this.#usefulAt.delete(session.id);
  }

  /** Two seeds that can both be dialled have nothing for each other: closed at once. */
  closeIfBothSeed(session: PeerSession): void {
    if (!this.#options.amComplete() || !session.remote.wantsNothing || this.#isAboutKeeping(session)) return;
    const canBeDialed = !session.inbound || session.remote.isDialable;
    if (canBeDialed && this.#options.amDialable()) session.close(CLOSE.done, "both have everything");
  }

  /**
   * Of the links that are of no use to either side now, the one that has been so for longest; none to a peer that nobody
   * could find again and that has what we might be asked for.
   */
  leastUseful(sessions: Iterable<PeerSession>): PeerSession | undefined {
    let least: PeerSession | undefined;
    let leastAt = Number.POSITIVE_INFINITY;
    for (const session of sessions) {
      const usedAt = this.#usefulAt.get(session.id) ?? 0;
      if (session.amInterested || session.remote.isInterested || usedAt >= leastAt) continue;
      if (!session.remote.isDialable && this.#options.hasNews?.(session) === true) continue;
      least = session;
      leastAt = usedAt;
    }
    return least;
  }

  /** To be called about once a second. */
  closeIfIdle(session: PeerSession, now: number): void {
    const canBeDialed = session.remote.isDialable && this.#options.amDialable();
    const isUseful = session.amInterested || session.remote.isInterested || !this.#options.isOpen();
    if (isUseful) this.#usefulAt.set(session.id, now);
    if (isUseful || !canBeDialed || this.#isAboutKeeping(session)) return;
    if (now - (this.#usefulAt.get(session.id) ?? now) < USELESS_MS) return;
    session.close(CLOSE.idle, "nothing to give or to get");
  }

  /** One side asks the other to keep the share: it waits for the promise, and for its renewal. */
  #isAboutKeeping({ remote }: PeerSession): boolean {
    return remote.asksToKeep || (this.#options.asksToKeep && remote.isRelay);
  }
}
