import { ShoalError } from "../base/errors.js";
import { Bitfield } from "../torrent/bitfield.js";
import { EarlyPieces } from "./early-pieces.js";

/**
 * "All" and "none" that one link may carry: a peer that learns the metainfo while connected says a second, aria2 says
 * "all" again when it is done. Each costs us work in proportion to the pieces, and the peer a few bytes.
 */
const MAX_CLAIMS = 8;
/** Bitfields: aria2 sends one instead of many a `have` wherever it is shorter, which comes to 72 at most. */
const MAX_BITFIELDS = 128;

/**
 * What a peer says it holds. Until the piece count is known it is kept as it came and checked on `adopt`; afterwards
 * every index is checked as it comes. Throws ShoalError("wire").
 */
export class RemotePieces {
  #pieces: Bitfield | undefined;
  readonly #early = new EarlyPieces();
  #claims = 0;
  #bitfields = 0;

  /** Undefined until the piece count is known. */
  get bitfield(): Bitfield | undefined {
    return this.#pieces;
  }

  /** Replaces all that was said before. */
  onHaveAll(): void {
    this.#countClaim();
    if (this.#pieces === undefined) this.#early.claim("all");
    else this.#pieces = Bitfield.full(this.#pieces.size);
  }

  onHaveNone(): void {
    this.#countClaim();
    if (this.#pieces === undefined) this.#early.claim("none");
    else this.#pieces = new Bitfield(this.#pieces.size);
  }

  onBitfield(bytes: Uint8Array): void {
    if (++this.#bitfields > MAX_BITFIELDS) throw toldAgain();
    if (this.#pieces === undefined) this.#early.claim(bytes);
    else this.#pieces = Bitfield.fromWire(bytes, this.#pieces.size);
  }

  /** True when this is news, as far as it can be told. */
  onHave(piece: number): boolean {
    if (this.#pieces !== undefined) return this.#pieces.set(this.#inRange(this.#pieces, piece));
    this.#early.note(piece, true);
    return true;
  }

  /** True when it was thought to be there, as far as it can be told. */
  onDontHave(piece: number): boolean {
    if (this.#pieces !== undefined) return this.#pieces.clear(this.#inRange(this.#pieces, piece));
    this.#early.note(piece, false);
    return true;
  }

  /** Checks what was said so far against the piece count and returns it. */
  adopt(pieceCount: number): Bitfield {
    this.#pieces = this.#early.resolve(pieceCount);
    return this.#pieces;
  }

  #countClaim(): void {
    if (++this.#claims > MAX_CLAIMS) throw toldAgain();
  }

  #inRange(pieces: Bitfield, piece: number): number {
    if (piece >= pieces.size) throw new ShoalError("wire", `There is no piece ${piece} of ${pieces.size}`);
    return piece;
  }
}

function toldAgain(): ShoalError {
  return new ShoalError("wire", "All pieces were told of again and again");
}
