import { ShoalError } from "../base/errors.js";
import { Bitfield } from "../torrent/bitfield.js";
import { MAX_PIECES } from "../wire/limits.js";

/** Single `have`s that we remember of one peer before the metadata tells how many pieces there are. */
const MAX_EARLY_HAVES = 4_096;

type Claim =
  { readonly kind: "none" } | { readonly kind: "all" } | { readonly kind: "bitfield"; readonly bytes: Uint8Array };

/**
 * What a peer says it holds. Until the piece count is known it is kept as it came (one bitfield and a capped set of
 * indexes) and checked on `adopt`; afterwards every index is checked as it comes. Throws ShoalError("wire").
 */
export class RemotePieces {
  #pieces: Bitfield | undefined;
  #claim: Claim = { kind: "none" };
  readonly #earlyHaves = new Set<number>();

  /** Undefined until the piece count is known. */
  get bitfield(): Bitfield | undefined {
    return this.#pieces;
  }

  /** Replaces all that was said before. */
  onHaveAll(): void {
    this.#claim = { kind: "all" };
    this.#earlyHaves.clear();
    if (this.#pieces !== undefined) this.#pieces = Bitfield.full(this.#pieces.size);
  }

  onHaveNone(): void {
    this.#claim = { kind: "none" };
    this.#earlyHaves.clear();
    if (this.#pieces !== undefined) this.#pieces = new Bitfield(this.#pieces.size);
  }

  onBitfield(bytes: Uint8Array): void {
    if (this.#pieces !== undefined) {
      this.#pieces = Bitfield.fromWire(bytes, this.#pieces.size);
      return;
    }
    if (bytes.length > MAX_PIECES / 8) throw new ShoalError("wire", `A bitfield of ${bytes.length} bytes`);
    this.#claim = { kind: "bitfield", bytes: new Uint8Array(bytes) };
    this.#earlyHaves.clear();
  }

  /** True when this is news. */
  onHave(piece: number): boolean {
    if (this.#pieces === undefined) {
      if (piece >= MAX_PIECES) throw new ShoalError("wire", `There is no piece ${piece}`);
      if (this.#earlyHaves.size < MAX_EARLY_HAVES) this.#earlyHaves.add(piece);
      return true;
    }
    return this.#pieces.set(this.#inRange(this.#pieces, piece));
  }

  /** True when it was thought to be there. */
  onDontHave(piece: number): boolean {
    if (this.#pieces === undefined) return this.#earlyHaves.delete(piece);
    return this.#pieces.clear(this.#inRange(this.#pieces, piece));
  }

  /** Checks what was said so far against the piece count and returns it. */
  adopt(pieceCount: number): Bitfield {
    const pieces = this.#fromClaim(pieceCount);
    for (const piece of this.#earlyHaves) pieces.set(this.#inRange(pieces, piece));
    this.#earlyHaves.clear();
    this.#claim = { kind: "none" };
    this.#pieces = pieces;
    return pieces;
  }

  #fromClaim(pieceCount: number): Bitfield {
    switch (this.#claim.kind) {
      case "all":
        return Bitfield.full(pieceCount);
      case "bitfield":
        return Bitfield.fromWire(this.#claim.bytes, pieceCount);
      case "none":
        return new Bitfield(pieceCount);
    }
  }

  #inRange(pieces: Bitfield, piece: number): number {
    if (piece >= pieces.size) throw new ShoalError("wire", `There is no piece ${piece} of ${pieces.size}`);
    return piece;
  }
}
