import {
  concatBytes,
  encodeBencode,
  fromHex,
  readUint32,
  utf8Encode,
  writeUint32,
  type BencodeInput,
  type CloseReason,
  type Connection,
  type InfoHash,
} from "@shoal/peer-core";
import type { MemoryHost } from "@shoal/peer-core/testing";

/** Message ids of BEP 3, 6 and 10, written down here a second time on purpose: this peer shares no code with ours. */
export const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  extended: 20,
} as const;

export interface RawMessage {
  readonly id: number;
  /** A copy, without length prefix and id. */
  readonly body: Uint8Array;
}

/** What a raw peer does; nothing happens by itself. */
export interface RawBehaviour {
  /** The link is open: usually `link.hello()`, and what it claims to hold. */
  onOpen(link: RawLink): void;
  onMessage?: ((link: RawLink, message: RawMessage) => void) | undefined;
}

/** One link of a raw peer: sends whatever bytes it is told and keeps what comes. */
export class RawLink {
  readonly messages: RawMessage[] = [];
  closed: CloseReason | undefined;
  readonly #peer: RawPeer;
  readonly #connection: Connection;
  #pending = new Uint8Array(0);
  #isHandshakeDone = false;

  constructor(peer: RawPeer, connection: Connection) {
    this.#peer = peer;
    this.#connection = connection;
    connection.attach({
      onBytes: (bytes) => this.#onBytes(bytes),
      onDrain: () => undefined,
      onClosed: (reason) => (this.closed = reason),
    });
    peer.behaviour.onOpen(this);
  }

  /** The handshake, with the bits of BEP 6 and BEP 10 set unless told otherwise. */
  hello(knows: { readonly fast?: boolean; readonly extensions?: boolean } = {}): void {
    const { fast = true, extensions = true } = knows;
    const reserved = new Uint8Array([0, 0, 0, 0, 0, extensions ? 0x10 : 0, 0, fast ? 0x04 : 0]);
    const { infoHash, id } = this.#peer;
    this.raw(utf8Encode("\x13BitTorrent protocol"), reserved, fromHex(infoHash) ?? new Uint8Array(20), id);
  }

  raw(...parts: readonly Uint8Array[]): void {
    this.#connection.send(concatBytes(parts));
  }

  /** One message; numbers are 32-bit fields. */
  say(id: number, ...fields: readonly (number | Uint8Array)[]): void {
    this.raw(frame(id, ...fields));
  }

  /** A BEP 10 message under the receiver's id `extension`, a dictionary with bytes behind it. */
  sayExtended(extension: number, dict: Readonly<Record<string, BencodeInput>>, data = new Uint8Array(0)): void {
    this.raw(extendedFrame(extension, dict, data));
  }

  close(code = 1000, message = ""): void {
    this.#connection.close(code, message);
  }

  count(id: number): number {
    return this.messages.filter((message) => message.id === id).length;
  }

  #onBytes(bytes: Uint8Array): void {
    this.#pending = new Uint8Array(concatBytes([this.#pending, bytes]));
    if (!this.#isHandshakeDone) {
      if (this.#pending.length < 68) return;
      this.#pending = this.#pending.slice(68);
      this.#isHandshakeDone = true;
    }
    let at = 0;
    while (this.#pending.length - at >= 4) {
      const length = fieldAt(this.#pending.subarray(at), 0);
      if (this.#pending.length - at - 4 < length) break;
      if (length > 0) this.#onMessage(this.#pending.slice(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#pending = this.#pending.slice(at);
  }

  #onMessage(bytes: Uint8Array): void {
    const message = { id: bytes[0] ?? -1, body: bytes.slice(1) };
    this.messages.push(message);
    this.#peer.behaviour.onMessage?.(this, message);
  }
}

/** A peer that is not ours: it does exactly what its behaviour says, right or wrong. */
export class RawPeer {
  readonly links: RawLink[] = [];
  readonly address: string;
  readonly id: Uint8Array;
  readonly infoHash: InfoHash;
  readonly behaviour: RawBehaviour;
  readonly #host: MemoryHost;

  /** Listens at once. */
  constructor(host: MemoryHost, infoHash: InfoHash, behaviour: RawBehaviour, address = `mem://${host.name}`) {
    this.#host = host;
    this.infoHash = infoHash;
    this.behaviour = behaviour;
    this.address = address;
    this.id = utf8Encode(`-XX0001-${host.name}`.padEnd(20, "*").slice(0, 20));
    host.listen(this.address, (connection) => this.take(connection));
  }

  /** A link has come in. */
  take(connection: Connection): void {
    this.links.push(new RawLink(this, connection));
  }

  /** Opens a link to `address`. */
  async dial(address: string): Promise<RawLink> {
    const link = new RawLink(this, await this.#host.dialer.dial(address, new AbortController().signal));
    this.links.push(link);
    return link;
  }

  /** How the links ended that have ended. */
  get closeCodes(): number[] {
    return this.links.flatMap(({ closed }) => (closed === undefined ? [] : [closed.code]));
  }
}

/** The `index`-th 32-bit field of a message's body. */
export function fieldAt(body: Uint8Array, index: number): number {
  return readUint32(body, index * 4);
}

/** A message with its length prefix; numbers are 32-bit fields. */
export function frame(id: number, ...fields: readonly (number | Uint8Array)[]): Uint8Array {
  const body = concatBytes([
    new Uint8Array([id]),
    ...fields.map((field) => (typeof field === "number" ? uint32(field) : field)),
  ]);
  return concatBytes([uint32(body.length), body]);
}

/** A BEP 10 message with its length prefix. */
export function extendedFrame(
  extension: number,
  dict: Readonly<Record<string, BencodeInput>>,
  data = new Uint8Array(0),
): Uint8Array {
  const payload = encodeBencode(new Map(Object.entries(dict)));
  return frame(ID.extended, new Uint8Array([extension]), payload, data);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, value);
  return bytes;
}

/** A seed that hands out `content`, with some blocks made wrong. */
export function servesContent(content: Uint8Array, pieceLength: number, isWrong: () => boolean): RawBehaviour {
  return {
    onOpen: (link) => {
      link.hello();
      link.say(ID.haveAll);
      link.say(ID.unchoke);
    },
    onMessage: (link, { id, body }) => {
      if (id !== ID.request) return;
      const [piece, begin, length] = [fieldAt(body, 0), fieldAt(body, 1), fieldAt(body, 2)];
      const offset = piece * pieceLength + begin;
      const block = content.slice(offset, offset + length);
      if (isWrong()) block[block.length >> 1] = (block[block.length >> 1] ?? 0) ^ 0xff;
      link.say(ID.piece, piece, begin, block);
    },
  };
}
