import { fromBinaryString, utf8Decode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { BencodeDecoder } from "./bencode-decoder.js";
import type { BencodeDict, BencodeValue } from "./bencode-decoder.js";
import { BencodeWriter } from "./bencode-writer.js";

export type { BencodeDict, BencodeValue } from "./bencode-decoder.js";
export { MAX_BENCODE_DEPTH, MAX_BENCODE_ITEMS } from "./bencode-decoder.js";

/** What `encodeBencode` takes: as `BencodeValue`, and text, which becomes UTF-8. */
export type BencodeInput = number | string | Uint8Array | readonly BencodeInput[] | ReadonlyMap<string, BencodeInput>;

/** Canonical bencoding: keys sorted by bytes. Throws ShoalError("bencode") for numbers that are not safe integers. */
export function encodeBencode(value: BencodeInput): Uint8Array {
  const writer = new BencodeWriter();
  encodeInto(writer, value);
  return writer.finish();
}

function encodeInto(writer: BencodeWriter, value: BencodeInput): void {
  if (typeof value === "number") writer.ascii(`i${checkedInteger(value)}e`);
  else if (typeof value === "string") writer.text(value);
  else if (value instanceof Uint8Array) writer.string(value);
  else if (isMap(value)) encodeDict(writer, value);
  else {
    writer.ascii("l");
    for (const item of value) encodeInto(writer, item);
    writer.ascii("e");
  }
}

function checkedInteger(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ShoalError("bencode", `Not a safe integer: ${value}`);
  return value;
}

function encodeDict(writer: BencodeWriter, dict: ReadonlyMap<string, BencodeInput>): void {
  writer.ascii("d");
  // Keys are Latin-1, so the order of UTF-16 units is the order of bytes.
  for (const key of [...dict.keys()].sort()) {
    const keyBytes = fromBinaryString(key);
    const value = dict.get(key);
    if (keyBytes === undefined || value === undefined) throw new ShoalError("bencode", `Not a key of bytes: ${key}`);
    writer.string(keyBytes);
    encodeInto(writer, value);
  }
  writer.ascii("e");
}

/**
 * Decodes one whole value: strict about integers, lengths, duplicate keys, trailing bytes, depth and count; lenient
 * about the order of keys. Throws ShoalError("bencode"), and nothing else, whatever the bytes.
 */
export function decodeBencode(bytes: Uint8Array): BencodeValue {
  const { value, end } = decodeBencodePrefix(bytes);
  if (end !== bytes.length) throw new ShoalError("bencode", `${bytes.length - end} bytes follow the value`);
  return value;
}

/** Decodes the value at the start; `end` is where it ends, and any bytes may follow (BEP 9). Throws ShoalError("bencode"). */
export function decodeBencodePrefix(bytes: Uint8Array): { value: BencodeValue; end: number } {
  const decoder = new BencodeDecoder(bytes);
  const value = decoder.decode();
  return { value, end: decoder.position };
}

/** A view of the exact bytes of one value of a top-level dictionary, as "info" of a metainfo. Throws ShoalError("bencode"). */
export function rawValueOf(bytes: Uint8Array, key: string): Uint8Array | undefined {
  const decoder = new BencodeDecoder(bytes, key);
  decoder.decode();
  return decoder.watched;
}

function isMap<V>(
  value: number | string | Uint8Array | readonly V[] | ReadonlyMap<string, V> | undefined,
): value is ReadonlyMap<string, V> {
  return value instanceof Map;
}

/** A dictionary to encode, from plain fields; those that are undefined are left out. */
export function dictFrom(
  fields: Readonly<Record<string, BencodeInput | undefined>>,
): ReadonlyMap<string, BencodeInput> {
  const dict = new Map<string, BencodeInput>();
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) dict.set(key, value);
  return dict;
}

/** The value as a dictionary; undefined when it is absent or something else. */
export function dictOf(value: BencodeValue | undefined): BencodeDict | undefined {
  return isMap(value) ? value : undefined;
}

/** The byte string at `key`, strictly decoded as UTF-8; undefined when absent, of another type or not UTF-8. */
export function textOf(dict: BencodeDict, key: string): string | undefined {
  const bytes = bytesOf(dict, key);
  return bytes === undefined ? undefined : utf8Decode(bytes);
}

/** The integer at `key`; undefined when absent or of another type. */
export function intOf(dict: BencodeDict, key: string): number | undefined {
  const value = dict.get(key);
  return typeof value === "number" ? value : undefined;
}

/** The byte string at `key`, a view; undefined when absent or of another type. */
export function bytesOf(dict: BencodeDict, key: string): Uint8Array | undefined {
  const value = dict.get(key);
  return value instanceof Uint8Array ? value : undefined;
}

/** The list at `key`; undefined when absent or of another type. */
export function listOf(dict: BencodeDict, key: string): readonly BencodeValue[] | undefined {
  const value = dict.get(key);
  return Array.isArray(value) ? value : undefined;
}
