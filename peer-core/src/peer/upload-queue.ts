import { SendBudget } from "./send-budget.js";
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
  /** What may wait in the socket. */
  readonly budget = new SendBudget();
  /** By triple, the oldest first: a flood of requests and cancels must not look through all that wait for each. */
  readonly #requests = new Map<string, InRequest>();
  #bytes = 0;

  get length(): number {
    return this.#requests.size;
  }

  /** False when there is no room: the request is to be rejected. A repeated request counts once. */
  push(request: InRequest): boolean {
    const key = keyOf(request);
    if (this.#requests.has(key)) return true;
    if (this.#requests.size >= MAX_QUEUED_REQUESTS) return false;
    if (this.#bytes + request.length > MAX_QUEUED_REQUEST_BYTES) return false;
    this.#requests.set(key, request);
    this.#bytes += request.length;
    return true;
  }

  shift(): InRequest | undefined {
    const request = this.#requests.values().next().value;
    if (request !== undefined) this.cancel(request);
    return request;
  }

  /** True when the exact request was still waiting. */
  cancel(request: InRequest): boolean {
    if (!this.#requests.delete(keyOf(request))) return false;
    this.#bytes -= request.length;
    return true;
  }

  /** What waits, in its order. */
  waiting(): Iterable<InRequest> {
    return this.#requests.values();
  }

  /** Takes out, in order, every request that matches. */
  take(matches: (request: InRequest) => boolean): InRequest[] {
    const taken = [...this.#requests.values()].filter(matches);
    for (const request of taken) this.cancel(request);
    return taken;
  }
}

function keyOf({ piece, begin, length }: InRequest): string {
  return `${piece} ${begin} ${length}`;
}
