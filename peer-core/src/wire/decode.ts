import { readUint32 } from "../base/bytes.js";
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
}

/**
 * Cuts a byte stream into the handshake and messages.
 *
 * A message that lies whole within one `push` is decoded in place. One that is cut is gathered in a buffer of its own,
 * allocated only after its announced length has been held against the limits. `#head` gathers the handshake or a
 * message's length and id; `#body` is the message under way, `#filled` says how much of either is there.
 */
export class WireDecoder {
  readonly #sink: WireSink;
  readonly #head = new Uint8Array(HANDSHAKE_BYTES);
  #body: Uint8Array | undefined;
  #filled = 0;
  #handshakeDone = false;
  #stopped = false;

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  /** Nothing more is delivered, not even what is left of the bytes being pushed. */
  stop(): void {
    this.#stopped = true;
    this.#body = undefined;
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
    this.#body = new Uint8Array(length);
    this.#body[0] = id;
    this.#filled = 1;
    return length === 1 ? this.#finishBody(this.#body, end) : end;
  }

  #pushBody(body: Uint8Array, bytes: Uint8Array, at: number): number {
    const taken = Math.min(body.length - this.#filled, bytes.length - at);
    body.set(bytes.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return this.#filled === body.length ? this.#finishBody(body, at + taken) : at + taken;
  }

  #finishBody(body: Uint8Array, end: number): number {
    this.#body = undefined;
    this.#filled = 0;
    this.#sink.onMessage(decodeBody(body));
    return end;
  }

  #keepAlive(end: number): number {
    this.#filled = 0;
    this.#sink.onMessage({ type: "keep-alive" });
    return end;
  }

  /** Copies into `#head` until it holds `wanted` bytes; returns where the rest begins. */
  #gather(bytes: Uint8Array, at: number, wanted: number): number {
    const taken = Math.min(wanted - this.#filled, bytes.length - at);
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
