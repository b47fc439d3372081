import { ShoalError } from "../base/errors.js";
import { Bitfield } from "../torrent/bitfield.js";

/** A peer says what it wants at most once a second; what a stalled link delivers in one go counts as well. */
const WANTS_PER_SECOND = 2;
const MAX_WANTS_AT_ONCE = 64;

/**
 * What a peer wants of us as a relay (`sh_want`). Until the piece count is known it is kept as it came and checked on
 * `adopt`. Throws ShoalError("wire").
 */
export class RemoteWants {
  #pieces: Bitfield | undefined;
  #pieceCount: number | undefined;
  #early: Uint8Array | undefined;
  #allowance = MAX_WANTS_AT_ONCE;
  #toldAt: number | undefined;

  /** Undefined while the peer has said nothing, or the piece count is not known. */
  get bitfield(): Bitfield | undefined {
    return this.#pieces;
  }

  /** Replaces what was said before; `bits` is kept. */
  onWant(bits: Uint8Array, now: number): void {
    this.#count(now);
    if (this.#pieceCount === undefined) this.#early = bits;
    else this.#pieces = Bitfield.fromWire(bits, this.#pieceCount);
  }

  /** Checks what was said so far against the piece count. */
  adopt(pieceCount: number): void {
    this.#pieceCount = pieceCount;
    if (this.#early !== undefined) this.#pieces = Bitfield.fromWire(this.#early, pieceCount);
    this.#early = undefined;
  }

  #count(now: number): void {
    const earned = ((now - (this.#toldAt ?? now)) * WANTS_PER_SECOND) / 1_000;
    this.#allowance = Math.min(MAX_WANTS_AT_ONCE, this.#allowance + earned) - 1;
    this.#toldAt = now;
    if (this.#allowance < 0) throw new ShoalError("wire", "Wants were told of again and again");
  }
}
