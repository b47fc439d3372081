import { ShoalError } from "../base/errors.js";
import { Bitfield } from "../torrent/bitfield.js";
import { MAX_PIECES } from "../wire/limits.js";

/**
 * What a peer says it holds before the metadata tells how many pieces there are: its first word on all of them, and two
 * bits for each piece that it named afterwards. At most 384 KiB, however much it says.
 */
export class EarlyPieces {
  #claim: { readonly kind: "none" | "all" } | { readonly kind: "bitfield"; readonly bytes: Uint8Array } = {
    kind: "none",
  };
  #gained = new Uint8Array(0);
  #lost = new Uint8Array(0);

  /** Replaces all that was said before. Throws ShoalError("wire") for a bitfield that no share can have. */
  claim(claim: "none" | "all" | Uint8Array): void {
    this.#gained = new Uint8Array(0);
    this.#lost = new Uint8Array(0);
    if (typeof claim === "string") {
      this.#claim = { kind: claim };
      return;
    }
    if (claim.length > MAX_PIECES / 8) throw new ShoalError("wire", `A bitfield of ${claim.length} bytes`);
    this.#claim = { kind: "bitfield", bytes: new Uint8Array(claim) };
  }

  /** Notes one piece. Throws ShoalError("wire") for an index that no share can have. */
  note(piece: number, isHeld: boolean): void {
    if (piece >= MAX_PIECES) throw new ShoalError("wire", `There is no piece ${piece}`);
    this.#gained = withBit(this.#gained, piece, isHeld);
    this.#lost = withBit(this.#lost, piece, !isHeld);
  }

  /** All of it, checked against the piece count. Throws ShoalError("wire"). */
  resolve(pieceCount: number): Bitfield {
    const pieces = this.#resolveClaim(pieceCount);
    const named = Math.max(this.#gained.length, this.#lost.length) * 8;
    for (let piece = 0; piece < named; piece++) {
      const gained = hasBit(this.#gained, piece);
      if (!gained && !hasBit(this.#lost, piece)) continue;
      if (piece >= pieceCount) throw new ShoalError("wire", `There is no piece ${piece} of ${pieceCount}`);
      if (gained) pieces.set(piece);
      else pieces.clear(piece);
    }
    return pieces;
  }

  #resolveClaim(pieceCount: number): Bitfield {
    switch (this.#claim.kind) {
      case "all":
        return Bitfield.full(pieceCount);
      case "none":
        return new Bitfield(pieceCount);
      case "bitfield":
        return Bitfield.fromWire(this.#claim.bytes, pieceCount);
    }
  }
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0;
}

/** `bits` with one bit changed, grown (by doubling) where it must. */
function withBit(bits: Uint8Array<ArrayBuffer>, at: number, value: boolean): Uint8Array<ArrayBuffer> {
  const index = at >> 3;
  if (index >= bits.length) {
    if (!value) return bits;
    const grown = new Uint8Array(Math.min(MAX_PIECES / 8, Math.max(64, 2 * index)));
    grown.set(bits);
    bits = grown;
  }
  const mask = 0x80 >> (at & 7);
  bits[index] = value ? (bits[index] ?? 0) | mask : (bits[index] ?? 0) & ~mask;
  return bits;
}
