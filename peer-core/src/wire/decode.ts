import { readUint32 } from "../base/bytes.js";
import { copyBytes } from "../base/copy-bytes.js";
import { ShoalError } from "../base/errors.js";
import { couldBeHandshake, decodeHandshake, HANDSHAKE_BYTES, type Handshake } from "./handshake.js";
import { MAX_MESSAGE_BYTES } from "./limits.js";
import { CODE, PIECE_HEADER_BYTES, type WireMessage } from "./messages.js";

export interface WireSink {
  onHandshake(handshake: Handshake): void;
  /** Views inside `message` are valid during the call only. */
  onMessage(message: WireMessage): void;
  /** The longest block that can honestly arrive now: what was ever asked for on this link, 0 before the first request. */
  maxBlockBytes(): number;
  /**
   * Where the block whose header has come is to be put together: memory of exactly its length, which stays the decoder's
   * unless and until the message is handed over. Undefined: in memory of the decoder's own.
   */
  landingFor?(header: BlockHeader): Uint8Array | undefined;
}

export interface BlockHeader {
  readonly piece: number;
  readonly begin: number;
  /** Bytes of the block. */
  readonly length: number;
}

/** Blocks from this size on are read straight to where they belong, their headers by themselves … */
const LONG_BLOCK_BYTES = 65_536;
/** … with a little of what follows, in case it is something short. */
const PEEK_BYTES = 1_024;

/**
 * Cuts a byte stream into the handshake and messages.
 *
 * A message that lies whole within one `push` is decoded in place. One that is cut is gathered in a buffer of its own,
 * allocated only after its announced length has been held against the limits; a block of one that is asked for is put
 * together where it belongs (`landingFor`), and `room` lets who reads the stream put it there without a copy.
 *
 * `#head` gathers the handshake or a message's beginning; `#body` is the message under way, or its block alone when
 * `#landing` is set; `#filled` says how much of either is there.
 */
export class WireDecoder {
  readonly #sink: WireSink;
  readonly #head = new Uint8Array(HANDSHAKE_BYTES);
  #body: Uint8Array | undefined;
  #landing: BlockHeader | undefined;
  #peek: Uint8Array | undefined;
  #filled = 0;
  #handshakeDone = false;
  #stopped = false;

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  /** Nothing more is delivered, not even what is left of the bytes being pushed. */
  stop(): void {
    this.#stopped = true;
    this.#body = this.#landing = undefined;
  }

  /** Where the next bytes are best put before they are pushed; undefined when it makes no difference. */
  room(): Uint8Array | undefined {
    if (this.#body !== undefined) return this.#body.subarray(this.#filled);
    if (this.#filled > 0 || this.#sink.maxBlockBytes() < LONG_BLOCK_BYTES) return undefined;
    return (this.#peek ??= new Uint8Array(PEEK_BYTES));
  }

  /** Throws ShoalError("wire") at the first violation; the link cannot be read on after that. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      if (!this.#handshakeDone) at = this.#pushHandshake(bytes, at);
      else if (this.#body !== undefined) at = this.#pushBody(this.#body, bytes, at);
      else at = this.#pushMessage(bytes, at);
    }
  }

  #pushHandshake(bytes: Uint8Array, at: number): number {
    const end = this.#gather(bytes, at, HANDSHAKE_BYTES);
    const gathered = this.#head.subarray(0, this.#filled);
    if (!couldBeHandshake(gathered)) throw new ShoalError("wire", "The other side does not speak BitTorrent");
    if (this.#filled === HANDSHAKE_BYTES) {
      this.#filled = 0;
      this.#handshakeDone = true;
      this.#sink.onHandshake(decodeHandshake(this.#head.slice()));
    }
    return end;
  }

  #pushMessage(bytes: Uint8Array, at: number): number {
    if (this.#filled === 0 && bytes.length - at >= 4) {
      const length = readUint32(bytes, at);
      const start = at + 4;
      if (length === 0) return this.#keepAlive(start);
      if (bytes.length - start >= length) {
        this.#checkLength(length, bytes[start] ?? 0);
        this.#sink.onMessage(decodeBody(bytes.subarray(start, start + length)));
        return start + length;
      }
    }
    return this.#startCutMessage(bytes, at);
  }

  /** Gathers length and id, then begins the message's own buffer. */
  #startCutMessage(bytes: Uint8Array, at: number): number {
    let end = this.#filled < 4 ? this.#gather(bytes, at, 4) : at;
    if (this.#filled < 4) return end;
    const length = readUint32(this.#head, 0);
    if (length === 0) return this.#keepAlive(end);
    end = this.#gather(bytes, end, 5);
    if (this.#filled < 5) return end;
    const id = this.#head[4] ?? 0;
    this.#checkLength(length, id);
    if (id === CODE.piece && length > PIECE_HEADER_BYTES) return this.#startBlock(length, bytes, end);
    this.#body = new Uint8Array(length);
    this.#body[0] = id;
    this.#filled = 1;
    return length === 1 ? this.#finishBody(this.#body, end) : end;
  }

  #startBlock(length: number, bytes: Uint8Array, at: number): number {
    const header = 4 + PIECE_HEADER_BYTES;
    const end = this.#gather(bytes, at, header);
    if (this.#filled < header) return end;
    this.#landing = {
      piece: readUint32(this.#head, 5),
      begin: readUint32(this.#head, 9),
      length: length - PIECE_HEADER_BYTES,
    };
    this.#body = this.#sink.landingFor?.(this.#landing);
    this.#filled = 0;
    if (this.#body !== undefined) return end;
    this.#landing = undefined;
    this.#body = new Uint8Array(length);
    this.#body.set(this.#head.subarray(4, header));
    this.#filled = PIECE_HEADER_BYTES;
    return end;
  }

  #pushBody(body: Uint8Array, bytes: Uint8Array, at: number): number {
    const taken = Math.min(body.length - this.#filled, bytes.length - at);
    // Bytes that were read into `room` are there already.
    const isThere = bytes.buffer === body.buffer && bytes.byteOffset + at === body.byteOffset + this.#filled;
    if (!isThere) copyBytes(body, bytes.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return this.#filled === body.length ? this.#finishBody(body, at + taken) : at + taken;
  }

  #finishBody(body: Uint8Array, end: number): number {
    const landing = this.#landing;
    this.#body = this.#landing = undefined;
    this.#filled = 0;
    if (landing === undefined) this.#sink.onMessage(decodeBody(body));
    else this.#sink.onMessage({ type: "piece", piece: landing.piece, begin: landing.begin, block: body });
    return end;
  }

  #keepAlive(end: number): number {
    this.#filled = 0;
    this.#sink.onMessage({ type: "keep-alive" });
    return end;
  }

  /** Copies into `#head` until it holds at least `wanted` bytes; returns where the rest begins. */
  #gather(bytes: Uint8Array, at: number, wanted: number): number {
    const taken = Math.max(0, Math.min(wanted - this.#filled, bytes.length - at));
    this.#head.set(bytes.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return at + taken;
  }

  #checkLength(length: number, id: number): void {
    const limit = id === CODE.piece ? PIECE_HEADER_BYTES + this.#sink.maxBlockBytes() : MAX_MESSAGE_BYTES;
    if (length > limit)
      throw new ShoalError("wire", `A message of ${length} bytes (id ${id}), at most ${limit} are due`);
  }
}

/** Decodes a message without its length prefix. Throws ShoalError("wire") when the length does not fit the id. */
export function decodeBody(body: Uint8Array): WireMessage {
  const id = body[0] ?? 0;
  switch (id) {
    case CODE.choke:
      return exactly(body, 1, { type: "choke" });
    case CODE.unchoke:
      return exactly(body, 1, { type: "unchoke" });
    case CODE.interested:
      return exactly(body, 1, { type: "interested" });
    case CODE.notInterested:
      return exactly(body, 1, { type: "not-interested" });
    case CODE.have:
      return exactly(body, 5, { type: "have", piece: field(body, 0) });
    case CODE.bitfield:
      return { type: "bitfield", bytes: body.subarray(1) };
    case CODE.request:
      return exactly(body, 13, { type: "request", ...triple(body) });
    case CODE.piece:
      return {
        type: "piece",
        piece: readUint32(body, 1),
        begin: readUint32(body, 5),
        block: body.subarray(PIECE_HEADER_BYTES),
      };
    case CODE.cancel:
      return exactly(body, 13, { type: "cancel", ...triple(body) });
    case CODE.port:
      return exactly(body, 3, { type: "port", port: ((body[1] ?? 0) << 8) | (body[2] ?? 0) });
    case CODE.suggest:
      return exactly(body, 5, { type: "suggest", piece: field(body, 0) });
    case CODE.haveAll:
      return exactly(body, 1, { type: "have-all" });
    case CODE.haveNone:
      return exactly(body, 1, { type: "have-none" });
    case CODE.reject:
      return exactly(body, 13, { type: "reject", ...triple(body) });
    case CODE.allowedFast:
      return exactly(body, 5, { type: "allowed-fast", piece: field(body, 0) });
    case CODE.extended:
      if (body.length < 2) throw new ShoalError("wire", "An extended message without an id");
      return { type: "extended", id: body[1] ?? 0, payload: body.subarray(2) };
    default:
      return { type: "unknown", id };
  }
}

function exactly(body: Uint8Array, length: number, message: WireMessage): WireMessage {
  if (body.length !== length) {
    throw new ShoalError("wire", `A "${message.type}" message has ${length} bytes, this one ${body.length}`);
  }
  return message;
}

/** The `index`-th 32-bit field behind the id; 0 where the message is too short, which `exactly` reports. */
function field(body: Uint8Array, index: number): number {
  const at = 1 + 4 * index;
  return at + 4 <= body.length ? readUint32(body, at) : 0;
}

function triple(body: Uint8Array): { piece: number; begin: number; length: number } {
  return { piece: field(body, 0), begin: field(body, 1), length: field(body, 2) };
}
