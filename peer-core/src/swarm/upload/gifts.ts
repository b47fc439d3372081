import type { PeerSession } from "../../peer/peer-session.js";

/** What a peer may have of us before it is looked at what it gives: it may be busy, or new. */
const FIRST_BYTES = 256 * 1024;
/** Who gives a little of what it gets is no free rider: lines are unequal, and so is what peers need of each other. */
const GOT_PER_RETURNED = 32;
/** A free rider gets the eighth part of what others get, as long as they want something: each may be judged wrongly. */
const FREE_DIVISOR = 8;

/** Pieces that a peer may be getting of us at the same time. */
const UNFINISHED_PIECES = 8;

/** What a peer got while it gave nothing. */
interface Gift {
  /** Bytes that all had been given before its first. */
  readonly since: number;
  /** Bytes given while it owed us something. */
  owed: number;
  /** Bytes given although it takes only. */
  free: number;
}

/** Tells who only takes: has got something again and again while it could have given what we lack, and gave nothing. */
export class Gifts {
  /** By session. */
  readonly #gifts = new Map<number, Gift>();
  #allBytes = 0;

  /** A block has been handed to a peer's socket. */
  add(session: PeerSession, bytes: number): void {
    const since = this.#allBytes;
    this.#allBytes += bytes;
    const isTaker = this.isTaker(session);
    if (!isTaker && !owesUs(session)) return;
    const gift = this.#gifts.get(session.id) ?? { since, owed: 0, free: 0 };
    gift.owed += bytes;
    if (isTaker) gift.free += bytes;
    this.#gifts.set(session.id, gift);
  }

  gone(session: PeerSession): void {
    this.#gifts.delete(session.id);
  }

  isTaker(session: PeerSession): boolean {
    const owed = this.#gifts.get(session.id)?.owed ?? 0;
    return owed >= FIRST_BYTES + session.downMeter.total * GOT_PER_RETURNED;
  }

  /**
   * Who says that it holds little may be believed as long as that is no less than what we alone have given it, but for
   * some pieces that it has not got whole.
   */
  mayBeInNeed(session: PeerSession, pieceLength: number): boolean {
    const pieces = (session.remote.pieces.bitfield?.count ?? 0) + UNFINISHED_PIECES;
    return !this.isTaker(session) && session.upMeter.total <= pieces * pieceLength;
  }

  /** A free rider that has had its part, of what `served` peers got since it came, waits until nobody else wants anything. */
  mustWait(session: PeerSession, served: number): boolean {
    const gift = this.#gifts.get(session.id);
    if (gift === undefined || !this.isTaker(session)) return false;
    return gift.free * served * FREE_DIVISOR >= this.#allBytes - gift.since;
  }
}

/** It holds what we lack, and sends nothing of it: it does not serve us, or has not answered yet. */
function owesUs({ amInterested, remote, requests }: PeerSession): boolean {
  return amInterested && (remote.isChoking || requests.isSnubbed || requests.count > 0);
}
