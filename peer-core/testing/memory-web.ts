import type { ByteRange, RangeAnswer, RangeSource } from "../src/ports/range-source.js";
import type { Clock } from "../src/ports/runtime.js";

/** What a server in memory answers; what is left out is as a good server does it. */
export interface MemoryWebAnswer {
  readonly status?: number;
  /** By lower-case name; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
  /** The body ends in silence: neither more bytes nor an end come. */
  readonly stalls?: boolean;
}

export interface MemoryWebRequest extends ByteRange {
  readonly url: string;
}

export interface MemoryWebPace {
  readonly clock: Clock;
  /** Before each part of a body. */
  readonly partMs: number;
}

/** The body comes in parts of this size. */
const PART_BYTES = 10_000;

/** Web servers in memory. They answer ranges of `files`; `answer` says otherwise where it returns something. */
export class MemoryWeb implements RangeSource {
  readonly files = new Map<string, Uint8Array>();
  readonly requests: MemoryWebRequest[] = [];
  /** Names that lead into the private network. */
  readonly home = new Set<string>();
  answer: (request: MemoryWebRequest) => MemoryWebAnswer | undefined = () => undefined;
  /** Answers whose body is neither read to its end nor cancelled. */
  openAnswers = 0;
  readonly #pace: MemoryWebPace | undefined;

  /** Without `pace`, bodies come as fast as they are read. */
  constructor(pace?: MemoryWebPace) {
    this.#pace = pace;
  }

  open(url: string, range: ByteRange, signal: AbortSignal): Promise<RangeAnswer> {
    const request = { url, ...range };
    this.requests.push(request);
    if (signal.aborted) return Promise.reject(new Error("aborted"));
    return Promise.resolve(this.#respond(this.answer(request) ?? {}, request, signal));
  }

  leadsHome(hostname: string): Promise<boolean> {
    return Promise.resolve(this.home.has(hostname));
  }

  #respond(said: MemoryWebAnswer, { url, from, until }: MemoryWebRequest, signal: AbortSignal): RangeAnswer {
    const file = this.files.get(url);
    const body = said.body ?? file?.slice(from, until) ?? new Uint8Array(0);
    const headers: Record<string, string | undefined> = {
      "content-range": `bytes ${from}-${until - 1}/${file?.length ?? 0}`,
      "content-length": String(body.length),
      ...said.headers,
    };
    let at = 0;
    let isOpen = true;
    this.openAnswers++;
    const close = (): void => {
      if (isOpen) this.openAnswers--;
      isOpen = false;
    };
    const read = async (): Promise<Uint8Array | undefined> => {
      await this.#pause();
      if (signal.aborted) throw stopped(close);
      const part = body.slice(at, (at += PART_BYTES));
      if (part.length > 0) return part;
      if (said.stalls === true) await new Promise((_, reject) => onAbort(signal, () => reject(stopped(close))));
      close();
      return undefined;
    };
    return {
      status: said.status ?? (file === undefined ? 404 : 206),
      header: (name) => headers[name],
      read,
      cancel: close,
    };
  }

  async #pause(): Promise<void> {
    const pace = this.#pace;
    if (pace !== undefined) await new Promise<void>((resolve) => pace.clock.schedule(pace.partMs, resolve));
  }
}

function stopped(close: () => void): Error {
  close();
  return new Error("This operation was aborted");
}

function onAbort(signal: AbortSignal, run: () => void): void {
  signal.addEventListener("abort", run, { once: true });
}
