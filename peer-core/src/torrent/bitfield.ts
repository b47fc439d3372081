import { ShoalError } from "../base/errors.js";
import { invariant } from "../base/invariant.js";

/** A set of piece indexes below `size`. Invariant: spare bits of the last byte are zero and `count` is exact. */
export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  /** An empty set for `size` pieces. */
  constructor(size: number) {
    invariant(Number.isInteger(size) && size >= 0, "a bitfield has a whole size");
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** The set of all `size` pieces. */
  static full(size: number): Bitfield {
    const field = new Bitfield(size);
    field.setAll();
    return field;
  }

  /** Reads the payload of a `bitfield` message (BEP 3), by copy; throws ShoalError("wire") on a wrong length or spare bits set. */
  static fromWire(bytes: Uint8Array, size: number): Bitfield {
    const field = new Bitfield(size);
    if (bytes.length !== field.#bytes.length) {
      throw new ShoalError("wire", `Expected a bitfield of ${field.#bytes.length} bytes, not ${bytes.length}`);
    }
    if (((bytes.at(-1) ?? 0) & spareMask(size)) !== 0) throw new ShoalError("wire", "A bitfield with spare bits set");
    field.#bytes.set(bytes);
    for (const byte of bytes) field.#count += bitCount(byte);
    return field;
  }

  /** The set of the indexes whose byte in `flags` is not zero. */
  static fromFlags(flags: Uint8Array): Bitfield {
    const field = new Bitfield(flags.length);
    for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) field.set(i);
    return field;
  }

  /** How many pieces are in the set. */
  get count(): number {
    return this.#count;
  }

  /** True when every piece is in the set: also when there are none at all. */
  get isFull(): boolean {
    return this.#count === this.size;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** False for indexes out of range. */
  has(index: number): boolean {
    return ((this.#bytes[index >>> 3] ?? 0) & bit(index)) !== 0 && index < this.size;
  }

  /** Adds a piece; true when it was not there. */
  set(index: number): boolean {
    this.#checkIndex(index);
    if (this.has(index)) return false;
    const at = index >>> 3;
    this.#bytes[at] = (this.#bytes[at] ?? 0) | bit(index);
    this.#count += 1;
    return true;
  }

  /** Takes a piece out; true when it was there. */
  clear(index: number): boolean {
    this.#checkIndex(index);
    if (!this.has(index)) return false;
    const at = index >>> 3;
    this.#bytes[at] = (this.#bytes[at] ?? 0) & ~bit(index);
    this.#count -= 1;
    return true;
  }

  setAll(): void {
    this.#bytes.fill(0xff);
    if (this.#bytes.length > 0) this.#bytes[this.#bytes.length - 1] = 0xff & ~spareMask(this.size);
    this.#count = this.size;
  }

  /** Adds all pieces of a set of the same size. */
  unite(other: Bitfield): void {
    this.#combine(other, (own, its) => own | its);
  }

  /** Leaves only what is in the other set, of the same size, as well. */
  intersect(other: Bitfield): void {
    this.#combine(other, (own, its) => own & its);
  }

  /** Takes out all pieces of a set of the same size. */
  subtract(other: Bitfield): void {
    this.#combine(other, (own, its) => own & ~its);
  }

  /** How many pieces are in both sets, which are of the same size. */
  overlap(other: Bitfield): number {
    let count = 0;
    for (let at = 0; at < this.#bytes.length; at++) count += bitCount((this.#bytes[at] ?? 0) & (other.#bytes[at] ?? 0));
    return count;
  }

  /** True when some piece is in both sets, which are of the same size. */
  overlaps(other: Bitfield): boolean {
    return this.#bytes.some((byte, at) => (byte & (other.#bytes[at] ?? 0)) !== 0);
  }

  equals(other: Bitfield): boolean {
    return this.size === other.size && this.#bytes.every((byte, at) => byte === other.#bytes[at]);
  }

  /** The payload of a `bitfield` message, a copy (BEP 3). */
  toWire(): Uint8Array {
    return this.#bytes.slice();
  }

  clone(): Bitfield {
    const copy = new Bitfield(this.size);
    copy.#bytes.set(this.#bytes);
    copy.#count = this.#count;
    return copy;
  }

  /** The members in ascending order; the set must not change meanwhile. */
  *indexes(): Generator<number, void> {
    for (let at = 0; at < this.#bytes.length; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === 0) continue;
      for (let i = at * 8; i < at * 8 + 8; i++) if ((byte & bit(i)) !== 0) yield i;
    }
  }

  #combine(other: Bitfield, bits: (own: number, its: number) => number): void {
    invariant(other.size === this.size, `a set of ${other.size} pieces meets one of ${this.size}`);
    let count = 0;
    for (let at = 0; at < this.#bytes.length; at++) {
      const byte = bits(this.#bytes[at] ?? 0, other.#bytes[at] ?? 0) & 0xff;
      this.#bytes[at] = byte;
      count += bitCount(byte);
    }
    this.#count = count;
  }

  #checkIndex(index: number): void {
    invariant(Number.isInteger(index) && index >= 0 && index < this.size, `piece ${index} of ${this.size}`);
  }
}

/** The highest bit of a byte is its lowest index (BEP 3). */
function bit(index: number): number {
  return 0x80 >>> (index & 7);
}

/** The bits of the last byte that stand for no piece. */
function spareMask(size: number): number {
  return size % 8 === 0 ? 0 : 0xff >>> (size % 8);
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
