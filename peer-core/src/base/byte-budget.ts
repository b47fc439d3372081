/** Of the limit, what may be put aside: who makes us keep things must not bring the others to a stop. */
const ASIDE_PART = 1 / 8;

/**
 * Memory that several share: what is taken is given back, and who asks before taking keeps within the limit. What is kept
 * for later use fills up the room that is left, and counts for nobody who takes.
 */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;
  #aside = 0;
  #kept = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#used + bytes <= this.#limit;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }

  /** Takes memory for what is good to have and not needed, in use for as long as it may be; false where that is too much. */
  putAside(bytes: number): boolean {
    if (this.#aside + bytes > this.#limit * ASIDE_PART || !this.hasRoomFor(bytes)) return false;
    this.#aside += bytes;
    this.#used += bytes;
    return true;
  }

  /** What was put aside is let go. */
  giveAside(bytes: number): void {
    this.#aside -= bytes;
    this.#used -= bytes;
  }

  /** Notes that memory out of use is kept; false when it would be too much with what is in use and kept already. */
  keep(bytes: number): boolean {
    if (this.#used + this.#kept + bytes > this.#limit) return false;
    this.#kept += bytes;
    return true;
  }

  /** Memory that was kept is used again, or let go. */
  release(bytes: number): void {
    this.#kept -= bytes;
  }
}
