import { utf8Encode } from "../base/bytes.js";

const FIRST_CAPACITY = 1024;

/** Bytes written one after the other. Invariant: `#buffer` holds `#length` of them and is doubled when it is full. */
export class BencodeWriter {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  /** ASCII text, as all of bencode's own syntax is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i);
  }

  /** A byte string with its length before it. */
  string(bytes: Uint8Array): void {
    this.ascii(`${bytes.length}:`);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Text as a byte string in UTF-8. */
  text(text: string): void {
    this.string(utf8Encode(text));
  }

  /** Everything written, a copy. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
