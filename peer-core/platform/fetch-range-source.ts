import type { ByteRange, RangeAnswer, RangeSource } from "../src/ports/range-source.js";

export interface FetchRangeSourceOptions {
  /** Told to servers where the platform allows it (browsers tell their own). */
  readonly userAgent?: string | undefined;
  /** Whether a host's name leads to this machine or its network; left out where names cannot be looked up. */
  readonly leadsHome?: ((hostname: string) => Promise<boolean>) | undefined;
}

/**
 * Ranges over `fetch`, in Node and in browsers. A browser follows redirects itself, asks servers for their leave (CORS),
 * and has rules of its own about private networks.
 */
export function createFetchRangeSource(options: FetchRangeSourceOptions = {}): RangeSource {
  const headers: Readonly<Record<string, string>> =
    options.userAgent === undefined ? {} : { "user-agent": options.userAgent };
  return {
    open: async (url, range, signal) => await open(url, { range, headers, signal }),
    leadsHome: async (hostname) => (await options.leadsHome?.(hostname)) ?? false,
  };
}

interface Request {
  readonly range: ByteRange;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function open(url: string, { range, headers, signal }: Request): Promise<RangeAnswer> {
  const response = await fetch(url, {
    // With a range, every `fetch` asks for content that is not compressed.
    headers: { ...headers, range: `bytes=${range.from}-${range.until - 1}` },
    redirect: isBrowser() ? "follow" : "manual",
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal,
  });
  const reader = response.body?.getReader();
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    read: async () => (await reader?.read())?.value,
    cancel: () => void reader?.cancel().catch(() => undefined),
  };
}

/** Only there redirects are hidden from who follows them by hand. */
function isBrowser(): boolean {
  return "location" in globalThis;
}
