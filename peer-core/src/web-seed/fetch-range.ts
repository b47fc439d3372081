import { messageOf } from "../base/errors.js";
import type { RangeAnswer, RangeSource } from "../ports/range-source.js";
import type { Clock } from "../ports/runtime.js";
import { judgeAnswer, type AskedRange } from "./range-answer.js";
import { followRedirect, isRedirect } from "./redirect.js";
import type { SeedFailure } from "./seed-failure.js";
import { Watchdog } from "./watchdog.js";

export interface RangeFetch {
  readonly url: string;
  readonly range: AskedRange;
  /** Ends it early; it then resolves as if it had failed, which nobody needs to know. */
  readonly abort: AbortController;
  /** Bytes of the range in order; the view is valid during the call only. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

export interface RangeFetchTools {
  readonly source: RangeSource;
  readonly clock: Clock;
  /** Where the redirects of a URL led last: later ranges go there at once. */
  readonly routes: Map<string, string>;
}

/** Redirects in a row: browsers follow 20, a file needs a mirror or two. */
const MAX_REDIRECTS = 5;
/** Routes remembered at once: shares of many files on redirecting servers are rare. */
const MAX_ROUTES = 1_000;
/** Without a byte for so long, a request is given up. */
const STALL_MS = 30_000;

/** Fetches one range. Resolves to undefined when exactly its bytes have come, else to what went wrong; never rejects. */
export async function fetchRange(fetch: RangeFetch, tools: RangeFetchTools): Promise<SeedFailure | undefined> {
  const watchdog = new Watchdog(tools.clock, STALL_MS, () => fetch.abort.abort());
  try {
    const answer = await openRange(fetch, tools, watchdog);
    return "kind" in answer ? answer : await readRange(answer, fetch, watchdog);
  } catch (error) {
    const silent = watchdog.hasBitten ? `nothing came for ${STALL_MS / 1_000} s` : undefined;
    return { kind: "trouble", message: silent ?? reasonOf(error) };
  } finally {
    watchdog.stop();
  }
}

/** The answer at the end of all redirects. */
async function openRange(
  fetch: RangeFetch,
  tools: RangeFetchTools,
  watchdog: Watchdog,
): Promise<RangeAnswer | SeedFailure> {
  const { url, range, abort } = fetch;
  const known = tools.routes.get(url);
  if (known !== undefined) {
    const answer = await tools.source.open(known, range, abort.signal);
    watchdog.pat();
    if (answer.status < 300) return answer;
    // Redirects lead to places that hold for a while only: back to where they come from.
    answer.cancel();
    tools.routes.delete(url);
  }
  return await openAlongRedirects(fetch, tools, watchdog);
}

async function openAlongRedirects(
  { url, range, abort }: RangeFetch,
  { source, routes }: RangeFetchTools,
  watchdog: Watchdog,
): Promise<RangeAnswer | SeedFailure> {
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await source.open(at, range, abort.signal);
    watchdog.pat();
    if (!isRedirect(answer.status)) {
      if (at !== url && routes.size < MAX_ROUTES) routes.set(url, at);
      return answer;
    }
    answer.cancel();
    const next = await followRedirect(at, answer.header("location"), source);
    if (typeof next !== "string") return next;
    at = next;
  }
  return { kind: "unusable", message: `more than ${MAX_REDIRECTS} redirects` };
}

async function readRange(answer: RangeAnswer, fetch: RangeFetch, watchdog: Watchdog): Promise<SeedFailure | undefined> {
  const { range, onBytes } = fetch;
  const verdict = judgeAnswer(answer, range);
  if (verdict.kind !== "take") {
    answer.cancel();
    return verdict;
  }
  const length = range.until - range.from;
  let skip = verdict.skip;
  let taken = 0;
  for (let bytes = await answer.read(); bytes !== undefined; bytes = await answer.read()) {
    watchdog.pat();
    const skipped = Math.min(skip, bytes.length);
    skip -= skipped;
    const wanted = bytes.subarray(skipped, skipped + length - taken);
    taken += wanted.length;
    if (wanted.length > 0) onBytes(wanted);
    const isDone = taken === length && answer.status === 200 && range.until < range.fileLength;
    if (!isDone && skipped + wanted.length === bytes.length) continue;
    answer.cancel();
    return isDone ? undefined : wrongLength("more", length);
  }
  return taken === length ? undefined : wrongLength("fewer", length);
}

function wrongLength(than: "more" | "fewer", length: number): SeedFailure {
  return { kind: "trouble", message: `the server sent ${than} than the ${length} bytes asked for` };
}

/** What `fetch` throws says little; its cause says what happened. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause instanceof Error && cause.message !== "" ? cause : error);
}
