import { ShoalError } from "../base/errors.js";

/** A decoded value (BEP 3). Byte strings are views of the input. */
export type BencodeValue = number | Uint8Array | readonly BencodeValue[] | BencodeDict;

/** A decoded dictionary: keys are bytes as Latin-1 text, one character a byte, in the order received. */
export type BencodeDict = ReadonlyMap<string, BencodeValue>;

/** Containers in each other: real metainfo needs 5, and a deeper one can only be an attack. */
export const MAX_BENCODE_DEPTH = 32;

/** Values in all: 100,000 files of 20 values each; bounds the memory that small inputs can claim. */
export const MAX_BENCODE_ITEMS = 2 ** 21;

/** Bytes of one key: the longest known are file names (BEP 52); keys are kept as text, which costs more than a view. */
const MAX_KEY_BYTES = 4096;

const INTEGER = 0x69; // i
const LIST = 0x6c; // l
const DICT = 0x64; // d
const END = 0x65; // e
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

type Frame =
  | { readonly kind: "list"; readonly items: BencodeValue[] }
  | { readonly kind: "dict"; readonly entries: Map<string, BencodeValue>; key: string | undefined };

/** Decodes one value from the start of `bytes`, without recursion. Invariant: `#open` holds the containers around the position, outermost first; a dict's `key` waits for its value. */
export class BencodeDecoder {
  readonly #bytes: Uint8Array;
  readonly #watchedKey: string | undefined;
  readonly #open: Frame[] = [];
  #at = 0;
  #items = 0;
  #watchedStart = 0;
  #watched: Uint8Array | undefined;

  constructor(bytes: Uint8Array, watchedKey?: string) {
    this.#bytes = bytes;
    this.#watchedKey = watchedKey;
  }

  /** Where the decoded value ends. */
  get position(): number {
    return this.#at;
  }

  /** The exact bytes of the value at the watched key of the top level, once decoded. */
  get watched(): Uint8Array | undefined {
    return this.#watched;
  }

  /** Throws ShoalError("bencode"). To be called once. */
  decode(): BencodeValue {
    for (;;) {
      const value = this.#step();
      if (value === undefined) continue;
      const frame = this.#open.at(-1);
      if (frame === undefined) return value;
      this.#place(frame, value);
    }
  }

  /** Takes one token; a value once it is complete, undefined after a key or the start of a container. */
  #step(): BencodeValue | undefined {
    const code = this.#bytes[this.#at];
    const frame = this.#open.at(-1);
    if (code === END) return this.#closeContainer(frame);
    if (frame?.kind === "dict" && frame.key === undefined) {
      frame.key = this.#key(frame.entries);
      if (this.#open.length === 1) this.#watchedStart = this.#at;
      return undefined;
    }
    if (++this.#items > MAX_BENCODE_ITEMS) throw this.#error(`more than ${MAX_BENCODE_ITEMS} values`);
    if (code === INTEGER) return this.#integer();
    if (code !== LIST && code !== DICT) return this.#string(this.#bytes.length);
    this.#openContainer(
      code === LIST ? { kind: "list", items: [] } : { kind: "dict", entries: new Map(), key: undefined },
    );
    return undefined;
  }

  #openContainer(frame: Frame): void {
    if (this.#open.length >= MAX_BENCODE_DEPTH) throw this.#error(`deeper than ${MAX_BENCODE_DEPTH}`);
    this.#open.push(frame);
    this.#at += 1;
  }

  #closeContainer(frame: Frame | undefined): BencodeValue {
    if (frame === undefined) throw this.#error("expected a value, found an end");
    if (frame.kind === "dict" && frame.key !== undefined) throw this.#error("a key without a value");
    this.#open.pop();
    this.#at += 1;
    return frame.kind === "list" ? frame.items : frame.entries;
  }

  #place(frame: Frame, value: BencodeValue): void {
    if (frame.kind === "list") {
      frame.items.push(value);
      return;
    }
    if (frame.key === undefined) throw this.#error("expected a key");
    frame.entries.set(frame.key, value);
    if (this.#open.length === 1 && frame.key === this.#watchedKey) {
      this.#watched = this.#bytes.subarray(this.#watchedStart, this.#at);
    }
    frame.key = undefined;
  }

  #key(entries: ReadonlyMap<string, BencodeValue>): string {
    // Ten times as fast as adding up characters, over up to 32 MiB of keys; apply takes views, its type does not say so.
    const characters = this.#string(MAX_KEY_BYTES) as unknown as number[];
    const key = String.fromCharCode.apply(undefined, characters);
    if (entries.has(key)) throw this.#error("a duplicate key");
    return key;
  }

  #string(maxLength: number): Uint8Array {
    const length = this.#digits(COLON);
    if (length > maxLength || length > this.#bytes.length - this.#at) {
      throw this.#error(`a string of ${length} bytes does not fit`);
    }
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #integer(): number {
    this.#at += 1;
    const negative = this.#bytes[this.#at] === MINUS;
    if (negative) this.#at += 1;
    const value = this.#digits(END);
    if (negative && value === 0) throw this.#error("negative zero");
    return negative ? -value : value;
  }

  /** Canonical decimal digits up to and including `terminator`. */
  #digits(terminator: number): number {
    const start = this.#at;
    let value = 0;
    for (; ; this.#at++) {
      const code = this.#bytes[this.#at];
      if (code === terminator && this.#at > start) break;
      if (code === undefined || code < ZERO || code > NINE) throw this.#error("expected a digit");
      if (value === 0 && this.#at > start) throw this.#error("a leading zero");
      value = value * 10 + (code - ZERO);
      if (value > Number.MAX_SAFE_INTEGER) throw this.#error("an integer beyond 2^53 - 1");
    }
    this.#at += 1;
    return value;
  }

  #error(problem: string): ShoalError {
    return new ShoalError("bencode", `Bad bencoding at byte ${this.#at}: ${problem}`);
  }
}
