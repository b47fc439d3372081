import { equalBytes } from "../../base/bytes.js";
import { idBytes, type InfoHash } from "../../base/ids.js";
import type { PeerSession } from "../../peer/peer-session.js";
import type { Runtime } from "../../ports/runtime.js";
import type { MetadataMessage } from "../../wire/extensions/metadata-message.js";
import { METADATA_PART_BYTES } from "../../wire/limits.js";
import { MetadataAttempt } from "./metadata-attempt.js";

export interface MetadataHost {
  sessions(): Iterable<PeerSession>;
  /** The dictionary whose hash is the info-hash. */
  onMetadata(infoBytes: Uint8Array): void;
  /** This session alone gave a dictionary with another hash. */
  onBadMetadata(sessionId: number): void;
  /** Hashing failed: not a peer's fault. */
  onFailed(error: unknown): void;
}

/** Sizes that are tried at once: a peer that lies about it must not keep the others from being heard. */
const MAX_ATTEMPTS = 3;
/** After this long an attempt makes room for another size. */
const ATTEMPT_MS = 15_000;
/** Who refuses, or does not answer, is asked again after this long. */
const UNABLE_MS = 10_000;
/** With this much waiting in a peer's socket, its requests for metadata are refused. */
const BUSY_BYTES = 1024 * 1024;

/** Gets the `info` dictionary from peers, and gives it to them (BEP 9). */
export class MetadataFlow {
  readonly #infoHash: InfoHash;
  readonly #runtime: Runtime;
  readonly #host: MetadataHost;
  readonly #attempts = new Map<number, MetadataAttempt>();
  /** Until when a session is not asked; for ever for one that lied. */
  readonly #unableUntil = new Map<number, number>();
  #infoBytes: Uint8Array | undefined;
  #mustBeSolo = false;

  constructor(infoHash: InfoHash, infoBytes: Uint8Array | undefined, runtime: Runtime, host: MetadataHost) {
    this.#infoHash = infoHash;
    this.#infoBytes = infoBytes;
    this.#runtime = runtime;
    this.#host = host;
  }

  get size(): number | undefined {
    return this.#infoBytes?.length;
  }

  /** It has become known otherwise. */
  supply(infoBytes: Uint8Array): void {
    this.#infoBytes = infoBytes;
    this.#attempts.clear();
    this.#unableUntil.clear();
  }

  onMessage(session: PeerSession, message: MetadataMessage): void {
    switch (message.type) {
      case "request":
        return this.#serve(session, message.part);
      case "data":
        return this.#onData(session, message);
      case "reject":
        return this.#onReject(session, message.part);
    }
  }

  /** A peer has gone: what was asked of it is asked of others. */
  onClosed(session: PeerSession): void {
    this.#unableUntil.delete(session.id);
    for (const [size, attempt] of this.#attempts) {
      attempt.release(session);
      if (attempt.solo === session) this.#attempts.delete(size);
    }
    this.advance();
  }

  /** Asks for what is missing. To be called when a peer has told of its metadata, and about once a second. */
  advance(): void {
    if (this.#infoBytes !== undefined) return;
    const now = this.#runtime.clock.now();
    for (const attempt of this.#attempts.values()) {
      for (const session of attempt.releaseLate(now)) this.#unableUntil.set(session.id, now + UNABLE_MS);
    }
    for (const session of this.#host.sessions()) {
      const size = this.#sizeToAsk(session, now);
      const attempt = size === undefined ? undefined : this.#attemptFor(size, session, now);
      if (attempt !== undefined) this.#ask(session, attempt, now);
    }
  }

  /** The size that a peer claims, if it can be asked now. */
  #sizeToAsk(session: PeerSession, now: number): number | undefined {
    const { metadataSize, extensions } = session.remote;
    if ((extensions.ut_metadata ?? 0) === 0) return undefined;
    return (this.#unableUntil.get(session.id) ?? 0) > now ? undefined : metadataSize;
  }

  #attemptFor(size: number, session: PeerSession, now: number): MetadataAttempt | undefined {
    const known = this.#attempts.get(size);
    if (known !== undefined) return known;
    if (this.#attempts.size >= MAX_ATTEMPTS && !this.#dropOldest(now)) return undefined;
    const attempt = new MetadataAttempt(size, now, this.#mustBeSolo ? session : undefined);
    this.#attempts.set(size, attempt);
    return attempt;
  }

  #dropOldest(now: number): boolean {
    for (const [size, attempt] of this.#attempts) {
      if (now - attempt.startedAt >= ATTEMPT_MS) return this.#attempts.delete(size);
    }
    return false;
  }

  #ask(session: PeerSession, attempt: MetadataAttempt, now: number): void {
    for (const part of attempt.plan(session, now)) {
      session.sendExtension({ type: "metadata", metadata: { type: "request", part } });
    }
  }

  #onReject(session: PeerSession, part: number): void {
    for (const attempt of this.#attempts.values()) {
      if (!attempt.isAsked(session, part)) continue;
      attempt.release(session);
      this.#unableUntil.set(session.id, this.#runtime.clock.now() + UNABLE_MS);
      return this.advance();
    }
  }

  #onData(session: PeerSession, message: Extract<MetadataMessage, { type: "data" }>): void {
    const attempt = this.#attempts.get(session.remote.metadataSize ?? 0);
    if (attempt === undefined || this.#infoBytes !== undefined) return;
    if (!attempt.take(session, message.part, message.data)) {
      attempt.release(session);
      this.#unableUntil.set(session.id, this.#runtime.clock.now() + UNABLE_MS);
      return;
    }
    const { bytes } = attempt;
    if (bytes === undefined) return this.#ask(session, attempt, this.#runtime.clock.now());
    this.#attempts.delete(attempt.size);
    this.#check(attempt, bytes).catch((error: unknown) => this.#host.onFailed(error));
  }

  async #check(attempt: MetadataAttempt, infoBytes: Uint8Array): Promise<void> {
    const digest = await this.#runtime.hasher.sha1(infoBytes);
    if (this.#infoBytes !== undefined) return;
    if (equalBytes(digest, idBytes(this.#infoHash))) {
      this.#infoBytes = infoBytes;
      this.#attempts.clear();
      this.#unableUntil.clear();
      this.#host.onMetadata(infoBytes);
      return;
    }
    this.#mustBeSolo = true;
    const [culprit, another] = attempt.contributors;
    if (culprit !== undefined && another === undefined) {
      this.#unableUntil.set(culprit, Number.POSITIVE_INFINITY);
      this.#host.onBadMetadata(culprit);
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
