import { concatBytes, equalBytes } from "../base/bytes.js";
import { idBytes, type InfoHash } from "../base/ids.js";
import type { PeerSession } from "../peer/peer-session.js";
import type { Runtime } from "../ports/runtime.js";
import type { MetadataMessage } from "../wire/extensions/metadata-message.js";
import { METADATA_PART_BYTES } from "../wire/limits.js";

export interface MetadataHost {
  sessions(): Iterable<PeerSession>;
  /** The dictionary whose hash is the info-hash. */
  onMetadata(infoBytes: Uint8Array): void;
  /** These sessions together gave a dictionary with another hash. */
  onBadMetadata(sessionIds: readonly number[]): void;
}

/** One try at the dictionary: parts of one size from peers that agree on it. */
interface Attempt {
  readonly size: number;
  readonly parts: (Uint8Array | undefined)[];
  readonly asked: Map<number, { readonly session: PeerSession; readonly at: number }>;
  readonly contributors: Set<number>;
  /** After a failure only one peer may contribute, so that it is known whose fault the next one is. */
  readonly solo: PeerSession | undefined;
}

const PART_TIMEOUT_MS = 5_000;
/** Parts asked of one peer at once. */
const PARTS_PER_PEER = 4;
/** With this much waiting in a peer's socket, its requests for metadata are refused. */
const BUSY_BYTES = 1024 * 1024;

/** Gets the `info` dictionary from peers, and gives it to them (BEP 9). */
export class MetadataFlow {
  readonly #infoHash: InfoHash;
  readonly #runtime: Runtime;
  readonly #host: MetadataHost;
  /** Peers that refused, or lied. */
  readonly #unable = new Set<number>();
  #infoBytes: Uint8Array | undefined;
  #attempt: Attempt | undefined;
  #mustBeSolo = false;
  #isChecking = false;

  constructor(infoHash: InfoHash, infoBytes: Uint8Array | undefined, runtime: Runtime, host: MetadataHost) {
    this.#infoHash = infoHash;
    this.#infoBytes = infoBytes;
    this.#runtime = runtime;
    this.#host = host;
  }

  get size(): number | undefined {
    return this.#infoBytes?.length;
  }

  onMessage(session: PeerSession, message: MetadataMessage): void {
    switch (message.type) {
      case "request":
        return this.#serve(session, message.part);
      case "data":
        return this.#onData(session, message);
      case "reject":
        this.#unable.add(session.id);
        return this.onClosed(session);
    }
  }

  /** A peer has gone: what was asked of it is asked of others. */
  onClosed(session: PeerSession): void {
    if (this.#attempt === undefined) return;
    for (const [part, { session: asked }] of this.#attempt.asked)
      if (asked === session) this.#attempt.asked.delete(part);
    if (this.#attempt.solo === session) this.#attempt = undefined;
    this.advance();
  }

  /** Asks for what is missing. To be called when a peer has told of its metadata, and about once a second. */
  advance(): void {
    if (this.#infoBytes !== undefined || this.#isChecking) return;
    const attempt = (this.#attempt ??= this.#begin());
    if (attempt === undefined) return;
    const now = this.#runtime.clock.now();
    this.#dropLate(attempt, now);
    const sources = [...this.#host.sessions()].filter((session) => this.#canAsk(session, attempt));
    // Whoever claimed this size is gone or has failed: another size may be right.
    if (sources.length === 0 && attempt.asked.size === 0) this.#attempt = undefined;
    for (const session of sources) this.#ask(session, attempt, now);
  }

  #begin(): Attempt | undefined {
    for (const session of this.#host.sessions()) {
      const size = session.remote.metadataSize;
      if (size === undefined || this.#unable.has(session.id)) continue;
      const parts = new Array<Uint8Array | undefined>(Math.ceil(size / METADATA_PART_BYTES)).fill(undefined);
      const solo = this.#mustBeSolo ? session : undefined;
      return { size, parts, asked: new Map(), contributors: new Set(), solo };
    }
    return undefined;
  }

  #canAsk(session: PeerSession, attempt: Attempt): boolean {
    if (attempt.solo !== undefined && attempt.solo !== session) return false;
    if (session.remote.metadataSize !== attempt.size || this.#unable.has(session.id)) return false;
    return (session.remote.extensions.ut_metadata ?? 0) !== 0;
  }

  #ask(session: PeerSession, attempt: Attempt, now: number): void {
    let underWay = [...attempt.asked.values()].filter((asked) => asked.session === session).length;
    for (let part = 0; part < attempt.parts.length && underWay < PARTS_PER_PEER; part++) {
      if (attempt.parts[part] !== undefined || attempt.asked.has(part)) continue;
      attempt.asked.set(part, { session, at: now });
      session.sendExtension({ type: "metadata", metadata: { type: "request", part } });
      underWay++;
    }
  }

  #dropLate(attempt: Attempt, now: number): void {
    for (const [part, { session, at }] of attempt.asked) {
      if (now - at < PART_TIMEOUT_MS) continue;
      attempt.asked.delete(part);
      this.#unable.add(session.id);
    }
  }

  #onData(session: PeerSession, message: Extract<MetadataMessage, { type: "data" }>): void {
    const attempt = this.#attempt;
    if (attempt?.asked.get(message.part)?.session !== session) return;
    attempt.asked.delete(message.part);
    const isLast = message.part === attempt.parts.length - 1;
    const expected = isLast ? attempt.size - message.part * METADATA_PART_BYTES : METADATA_PART_BYTES;
    if (message.data.length !== expected) {
      this.#unable.add(session.id);
    } else {
      // A copy: the view is the link's, and slice() of a Node Buffer would copy nothing.
      attempt.parts[message.part] = new Uint8Array(message.data);
      attempt.contributors.add(session.id);
    }
    const parts = attempt.parts.filter((part) => part !== undefined);
    if (parts.length === attempt.parts.length) void this.#check(attempt, concatBytes(parts));
    else this.advance();
  }

  async #check(attempt: Attempt, infoBytes: Uint8Array): Promise<void> {
    this.#isChecking = true;
    const digest = await this.#runtime.hasher.sha1(infoBytes);
    this.#isChecking = false;
    this.#attempt = undefined;
    if (equalBytes(digest, idBytes(this.#infoHash))) {
      this.#infoBytes = infoBytes;
      this.#host.onMetadata(infoBytes);
      return;
    }
    const contributors = [...attempt.contributors];
    this.#mustBeSolo = true;
    if (contributors.length === 1) {
      for (const id of contributors) this.#unable.add(id);
      this.#host.onBadMetadata(contributors);
    }
    this.advance();
  }

  #serve(session: PeerSession, part: number): void {
    const begin = part * METADATA_PART_BYTES;
    const infoBytes = this.#infoBytes;
    if (infoBytes === undefined || begin >= infoBytes.length || session.queuedBytes > BUSY_BYTES) {
      session.sendExtension({ type: "metadata", metadata: { type: "reject", part } });
      return;
    }
    const data = infoBytes.subarray(begin, begin + METADATA_PART_BYTES);
    session.sendExtension({ type: "metadata", metadata: { type: "data", part, totalSize: infoBytes.length, data } });
  }
}
