import { invariant } from "../base/invariant.js";
import type { InfoHash, PeerId } from "../base/ids.js";
import type { CloseReason, Connection, ConnectionEvents } from "../ports/connection.js";
import type { Bitfield } from "../torrent/bitfield.js";
import type { Metainfo } from "../torrent/metainfo.js";
import { WireDecoder } from "../wire/decode.js";
import { encodeMessage } from "../wire/encode.js";
import { encodeExtendedHandshake } from "../wire/extensions/extended-handshake.js";
import { encodeHandshake } from "../wire/handshake.js";
import { BLOCK_MAX_BYTES, MAX_QUEUED_REQUESTS } from "../wire/limits.js";
import type { WireMessage } from "../wire/messages.js";
import { BlockQueue, type BlockTriple, type Job } from "./block-queue.js";
import { fetchRange, type RangeFetchTools } from "./fetch-range.js";
import { FileRanges } from "./file-ranges.js";
import { fileUrl } from "./file-url.js";
import type { SeedFailure } from "./seed-failure.js";

export interface WebSeedConnectionOptions {
  /** As the user knows it. */
  readonly url: string;
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly metainfo: Metainfo;
  /** What it has. */
  readonly pieces: Bitfield;
  /** Requests under way at once. */
  readonly maxRequests: number;
  readonly tools: Omit<RangeFetchTools, "routes">;
  /** It did not give a range of `file`: the link is closed after this. */
  readonly onFailure: (failure: SeedFailure, file: number) => void;
}

/** Ranges in a row that may fail without the server being at fault as such: lines break. */
const MAX_TROUBLES = 3;
/** The link is closed as a lost one is. */
const LOST = 1006;
/** Extended messages with this id are handshakes (BEP 10). */
const EXTENDED_HANDSHAKE_ID = 0;

/**
 * A link to a web seed (BEP 19): to us it is a seed that speaks the peer wire, to the server an HTTP client that asks for
 * ranges. So whatever the swarm knows about peers (patience, blame, bans, end game) holds for web seeds too. It wants
 * nothing, and ends when the server fails it.
 */
export class WebSeedConnection implements Connection {
  readonly label: string;
  /** Unknown: what a server does is held against its URL alone, never against others at its address. */
  readonly remoteAddress = undefined;
  /** Requests are taken at once. */
  readonly queuedBytes = 0;
  readonly drainBytes = 65_536;
  readonly isWebSeed = true;
  readonly #options: WebSeedConnectionOptions;
  readonly #tools: RangeFetchTools;
  readonly #ranges: FileRanges;
  readonly #blocks = new BlockQueue((frame) => this.#say(frame));
  readonly #decoder: WireDecoder;
  #events: ConnectionEvents | undefined;
  #outgoing: Uint8Array[] = [];
  #isFlushDue = false;
  #reason: CloseReason | undefined;
  /** Ranges that have failed since one came whole. */
  #troubles = 0;
  #maxRequests: number;

  constructor(options: WebSeedConnectionOptions) {
    this.#options = options;
    this.label = options.url;
    this.#maxRequests = options.maxRequests;
    this.#tools = { ...options.tools, routes: new Map() };
    this.#ranges = new FileRanges(options.metainfo.files);
    this.#decoder = new WireDecoder({
      onHandshake: () => this.#greet(),
      onMessage: (message) => this.#onMessage(message),
      maxBlockBytes: () => 0,
    });
  }

  attach(events: ConnectionEvents): void {
    invariant(this.#events === undefined, "a connection is attached once");
    this.#events = events;
    this.#flushSoon();
  }

  send(bytes: Uint8Array): void {
    if (this.#reason !== undefined) return;
    this.#decoder.push(bytes);
    this.#pump();
  }

  close(code: number, message: string): void {
    this.#end({ code, message, remote: false });
  }

  /** All of what a seed says of itself, and that it serves at once. */
  #greet(): void {
    const { infoHash, peerId, pieces } = this.#options;
    this.#say(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true }));
    this.#say(encodeMessage(pieces.isFull ? { type: "have-all" } : { type: "bitfield", bytes: pieces.toWire() }));
    const payload = encodeExtendedHandshake({
      extensions: {},
      client: "web seed",
      requestQueue: MAX_QUEUED_REQUESTS,
      uploadOnly: true,
      blockMax: BLOCK_MAX_BYTES,
    });
    this.#say(encodeMessage({ type: "extended", id: EXTENDED_HANDSHAKE_ID, payload }));
    this.#say(encodeMessage({ type: "unchoke" }));
  }

  #onMessage(message: WireMessage): void {
    switch (message.type) {
      case "request":
        return this.#onRequest(message);
      case "cancel":
        if (this.#blocks.cancel(message)) this.#reject(message);
        return;
      case "keep-alive":
        // It is alive as long as its ranges come, and those have time limits of their own.
        this.#say(encodeMessage(message));
        return;
      default:
    }
  }

  /** Throws ShoalError("wire") for a block that is none, which our own side never asks for. */
  #onRequest({ piece, begin, length }: BlockTriple): void {
    const { geometry } = this.#options.metainfo;
    const index = geometry.checkBlock(piece, begin, length, BLOCK_MAX_BYTES);
    const ranges = this.#ranges.rangesOf(geometry.pieceOffset(index) + begin, length);
    const isTaken =
      this.#blocks.size < MAX_QUEUED_REQUESTS &&
      this.#options.pieces.has(piece) &&
      this.#blocks.add({ piece, begin, length }, ranges);
    if (!isTaken) this.#reject({ piece, begin, length });
  }

  #reject({ piece, begin, length }: BlockTriple): void {
    this.#say(encodeMessage({ type: "reject", piece, begin, length }));
  }

  #pump(): void {
    while (this.#reason === undefined && this.#blocks.jobCount < this.#maxRequests) {
      const job = this.#blocks.take();
      if (job === undefined) return;
      void this.#run(job);
    }
  }

  /** Never rejects. */
  async #run(job: Job): Promise<void> {
    const failure = await this.#fetch(job);
    this.#blocks.done(job);
    if (this.#reason !== undefined) return;
    if (failure === undefined) this.#troubles = 0;
    else if (!this.#isForgiven(failure, job)) {
      this.#options.onFailure(failure, job.file);
      this.#end({ code: LOST, message: failure.message, remote: true });
    }
    this.#pump();
  }

  /** What did not come of a range that broke off, or was one too many, is rejected: it will be asked for again. */
  #isForgiven(failure: SeedFailure, job: Job): boolean {
    const missing = this.#blocks.unfinished(job);
    if (missing.length > 0 && !this.#isPassing(failure)) return false;
    for (const triple of missing) {
      this.#blocks.cancel(triple);
      this.#reject(triple);
    }
    return true;
  }

  #isPassing(failure: SeedFailure): boolean {
    if (failure.kind === "trouble") return ++this.#troubles < MAX_TROUBLES;
    if (failure.kind !== "busy" || failure.retryAfterMs !== undefined) return false;
    // Many servers take only so many requests of one address at once.
    const wasTooMany = this.#maxRequests > 1 || this.#blocks.jobCount > 0;
    this.#maxRequests = 1;
    return wasTooMany || ++this.#troubles < MAX_TROUBLES;
  }

  async #fetch(job: Job): Promise<SeedFailure | undefined> {
    const { file, from, until, abort } = job;
    const { url: seedUrl, metainfo } = this.#options;
    const url = fileUrl(seedUrl, metainfo, file);
    if (url === undefined) return { kind: "file", message: "its name makes no URL" };
    const fileLength = metainfo.files[file]?.length ?? 0;
    const range = { from, until, fileLength, wholeFileBytes: metainfo.geometry.pieceLength };
    let offset = 0;
    const onBytes = (bytes: Uint8Array) => {
      this.#blocks.fill(job, offset, bytes);
      offset += bytes.length;
    };
    return await fetchRange({ url, range, abort, onBytes }, this.#tools);
  }

  #say(bytes: Uint8Array): void {
    if (this.#reason !== undefined) return;
    this.#outgoing.push(bytes);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#events === undefined) return;
    this.#isFlushDue = true;
    void Promise.resolve().then(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    const said = this.#outgoing;
    this.#outgoing = [];
    for (const bytes of said) if (this.#reason?.remote !== false) this.#events?.onBytes(bytes);
    if (this.#reason === undefined) return;
    const events = this.#events;
    this.#events = undefined;
    events?.onClosed(this.#reason);
  }

  #end(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#decoder.stop();
    this.#blocks.clear();
    this.#flushSoon();
  }
}
