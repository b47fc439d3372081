/** A peer that has not got whole what it is being sent by then may be too slow for others to wait for. */
const HOLD_MS = 1_000;

/**
 * Which pieces that nobody has a seed is sending to whom. Somebody else who asks for one waits a little, as long as there is
 * something to send that nobody was sent: the other one can soon pass it on, and the seed's line is what bounds a crowd.
 * Above all in the end, when some have asked for all that was suggested to them, and others have not.
 */
export class FirstCopies {
  readonly #copies = new Map<number, { readonly sessionId: number; readonly at: number }>();

  /** A block of a piece that nobody has goes to a peer. */
  sent(piece: number, sessionId: number, now: number): void {
    if (!this.#copies.has(piece)) this.#copies.set(piece, { sessionId, at: now });
  }

  /** True while another peer is being sent the piece. */
  isElsewhere(piece: number, sessionId: number, now: number): boolean {
    const copy = this.#copies.get(piece);
    return copy !== undefined && copy.sessionId !== sessionId && now - copy.at < HOLD_MS;
  }

  /** Somebody has the piece. */
  settled(piece: number): void {
    this.#copies.delete(piece);
  }

  /** A peer takes nothing any more, for now: what it was being sent may be for others. */
  gone(sessionId: number): void {
    for (const [piece, copy] of this.#copies) if (copy.sessionId === sessionId) this.#copies.delete(piece);
  }
}
