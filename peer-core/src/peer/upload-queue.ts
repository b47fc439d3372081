import { MAX_QUEUED_REQUEST_BYTES, MAX_QUEUED_REQUESTS } from "../wire/limits.js";

/** A block that a peer asked us for, already held against the geometry. */
export interface InRequest {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** What one peer waits for, first come first served; at most 2,000 requests and 32 MiB. */
export class UploadQueue {
  /** Requests taken out and being read from storage, and their bytes: kept by whoever reads. */
  reading = 0;
  readingBytes = 0;
  readonly #requests: InRequest[] = [];
  #bytes = 0;

  get length(): number {
    return this.#requests.length;
  }

  /** False when there is no room: the request is to be rejected. A repeated request counts once. */
  push(request: InRequest): boolean {
    if (this.#requests.some((waiting) => same(waiting, request))) return true;
    if (this.#requests.length >= MAX_QUEUED_REQUESTS) return false;
    if (this.#bytes + request.length > MAX_QUEUED_REQUEST_BYTES) return false;
    this.#requests.push(request);
    this.#bytes += request.length;
    return true;
  }

  shift(): InRequest | undefined {
    const request = this.#requests.shift();
    if (request !== undefined) this.#bytes -= request.length;
    return request;
  }

  /** True when the exact request was still waiting. */
  cancel(request: InRequest): boolean {
    return this.take((waiting) => same(waiting, request)).length > 0;
  }

  /** Takes out, in order, every request that matches. */
  take(matches: (request: InRequest) => boolean): InRequest[] {
    const taken = this.#requests.filter(matches);
    if (taken.length === 0) return taken;
    const kept = this.#requests.filter((request) => !matches(request));
    this.#requests.splice(0, this.#requests.length, ...kept);
    for (const request of taken) this.#bytes -= request.length;
    return taken;
  }
}

function same(a: InRequest, b: InRequest): boolean {
  return a.piece === b.piece && a.begin === b.begin && a.length === b.length;
}
