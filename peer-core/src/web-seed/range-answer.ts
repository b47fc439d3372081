import type { ByteRange, RangeAnswer } from "../ports/range-source.js";
import type { SeedFailure } from "./seed-failure.js";

/** What a range was asked of. */
export interface AskedRange extends ByteRange {
  /** Bytes of the whole file, by the metainfo. */
  readonly fileLength: number;
  /** A file of at most so many bytes is read whole, and cut, where the server does not know ranges. */
  readonly wholeFileBytes: number;
}

/** Take the body's bytes, without the first `skip` of them; or what is wrong. */
export type Verdict = { readonly kind: "take"; readonly skip: number } | SeedFailure;

/** Who asks for more patience is forgotten rather. */
const LONGEST_BUSY_MS = 24 * 60 * 60_000;
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i;

/** Judges status and headers of an answer that is no redirect. */
export function judgeAnswer(answer: RangeAnswer, asked: AskedRange): Verdict {
  const { status } = answer;
  if (status === 429 || status === 503) return busy(answer);
  if (status >= 400 && status < 500) return { kind: "file", message: `the server answers ${status}` };
  if (status !== 200 && status !== 206) return { kind: "trouble", message: `the server answers ${status}` };
  const encoding = answer.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "") {
    return { kind: "unusable", message: `the server compresses what it sends (${shortened(encoding)})` };
  }
  return status === 206 ? judgePart(answer, asked) : judgeWhole(answer, asked);
}

function judgePart(answer: RangeAnswer, asked: AskedRange): Verdict {
  const said = answer.header("content-range") ?? "";
  const [, first, last, size] = CONTENT_RANGE.exec(said.trim()) ?? [];
  if (size !== undefined && size !== "*" && Number(size) !== asked.fileLength) return otherSize(Number(size), asked);
  if (size === undefined || Number(first) !== asked.from || Number(last) !== asked.until - 1) {
    return {
      kind: "unusable",
      message: `asked for bytes ${asked.from}-${asked.until - 1}, the server answers "${shortened(said)}"`,
    };
  }
  return { kind: "take", skip: 0 };
}

/** The server sends the whole file, whatever part was asked for. */
function judgeWhole(answer: RangeAnswer, asked: AskedRange): Verdict {
  const length = Number(answer.header("content-length") ?? Number.NaN);
  if (Number.isFinite(length) && length !== asked.fileLength) return otherSize(length, asked);
  const isWhole = asked.from === 0 && asked.until === asked.fileLength;
  if (isWhole || asked.fileLength <= asked.wholeFileBytes) return { kind: "take", skip: asked.from };
  return { kind: "unusable", message: "the server does not answer range requests" };
}

function busy(answer: RangeAnswer): SeedFailure {
  const seconds = Number(answer.header("retry-after") ?? Number.NaN);
  const retryAfterMs = seconds >= 0 ? Math.min(seconds * 1_000, LONGEST_BUSY_MS) : undefined;
  return { kind: "busy", message: `the server answers ${answer.status}`, retryAfterMs };
}

function otherSize(length: number, asked: AskedRange): SeedFailure {
  return { kind: "file", message: `the file there has ${length} bytes, not ${asked.fileLength}` };
}

/** A stranger's text, fit for a message. */
function shortened(text: string): string {
  return text.slice(0, 64);
}
