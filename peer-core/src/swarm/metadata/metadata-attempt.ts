import { concatBytes } from "../../base/bytes.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { METADATA_PART_BYTES } from "../../wire/limits.js";

/** A part that was not sent after this long is asked of somebody else. */
const PART_TIMEOUT_MS = 5_000;
/** Parts asked of one peer at once. */
const PARTS_PER_PEER = 4;

/**
 * One try at the `info` dictionary: parts of one size, from peers that agree on it. `solo`: the only peer that may
 * contribute, so that it is known whose fault a wrong dictionary is.
 */
export class MetadataAttempt {
  readonly size: number;
  readonly startedAt: number;
  readonly solo: PeerSession | undefined;
  readonly #parts: (Uint8Array | undefined)[];
  readonly #asked = new Map<number, { readonly session: PeerSession; readonly at: number }>();
  /** Sessions that were asked for anything: what they send late is welcome. */
  readonly #known = new Set<number>();
  readonly #contributors = new Set<number>();
  #missing: number;

  constructor(size: number, startedAt: number, solo: PeerSession | undefined) {
    this.size = size;
    this.startedAt = startedAt;
    this.solo = solo;
    this.#missing = Math.ceil(size / METADATA_PART_BYTES);
    this.#parts = new Array<Uint8Array | undefined>(this.#missing).fill(undefined);
  }

  get contributors(): readonly number[] {
    return [...this.#contributors];
  }

  /** The whole dictionary, once every part is there. */
  get bytes(): Uint8Array | undefined {
    return this.#missing > 0 ? undefined : concatBytes(this.#parts.filter((part) => part !== undefined));
  }

  /** Marks and returns the parts to ask of this peer now. */
  plan(session: PeerSession, now: number): number[] {
    if (this.solo !== undefined && this.solo !== session) return [];
    let room = PARTS_PER_PEER;
    for (const asked of this.#asked.values()) if (asked.session === session) room--;
    const planned: number[] = [];
    for (let part = 0; part < this.#parts.length && planned.length < room; part++) {
      if (this.#parts[part] !== undefined || this.#asked.has(part)) continue;
      this.#asked.set(part, { session, at: now });
      this.#known.add(session.id);
      planned.push(part);
    }
    return planned;
  }

  /** True when this very part is being waited for from this peer. */
  isAsked(session: PeerSession, part: number): boolean {
    return this.#asked.get(part)?.session === session;
  }

  /** Takes in a part, copied; false when it does not fit or was never asked for. */
  take(session: PeerSession, part: number, data: Uint8Array): boolean {
    if (!this.#known.has(session.id) || part >= this.#parts.length) return false;
    const isLast = part === this.#parts.length - 1;
    const expected = isLast ? this.size - part * METADATA_PART_BYTES : METADATA_PART_BYTES;
    if (data.length !== expected) return false;
    this.#asked.delete(part);
    if (this.#parts[part] !== undefined) return true;
    // A copy: the view is the link's, and slice() of a Node Buffer would copy nothing.
    this.#parts[part] = new Uint8Array(data);
    this.#contributors.add(session.id);
    this.#missing--;
    return true;
  }

  /** Nothing more is expected of this peer. */
  release(session: PeerSession): void {
    for (const [part, asked] of this.#asked) if (asked.session === session) this.#asked.delete(part);
  }

  /** Sessions that owe a part for too long; they are released. */
  releaseLate(now: number): PeerSession[] {
    const late = new Set<PeerSession>();
    for (const { session, at } of this.#asked.values()) if (now - at >= PART_TIMEOUT_MS) late.add(session);
    for (const session of late) this.release(session);
    return [...late];
  }
}
