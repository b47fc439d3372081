import type { Bitfield } from "../../torrent/bitfield.js";

/** How many of the chosen bytes are verified and stored, whole pieces counted by the bytes chosen in them. */
export class ChosenProgress {
  readonly chosenBytes: number;
  readonly #chosen: Uint32Array;
  #doneBytes = 0;

  /** `chosen`: bytes chosen in each piece; `have`: the pieces that are here from the start. */
  constructor(chosen: Uint32Array, have: Bitfield) {
    this.#chosen = chosen;
    this.chosenBytes = chosen.reduce((sum, bytes) => sum + bytes, 0);
    for (const piece of have.indexes()) this.onStored(piece);
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  onStored(piece: number): void {
    this.#doneBytes += this.#chosen[piece] ?? 0;
  }

  /** True when everything chosen was here before, and is not any more. */
  onLost(piece: number): boolean {
    const bytes = this.#chosen[piece] ?? 0;
    const wasWhole = bytes > 0 && this.#doneBytes === this.chosenBytes;
    this.#doneBytes -= bytes;
    return wasWhole;
  }
}
