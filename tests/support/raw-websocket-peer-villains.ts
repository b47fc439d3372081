import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";

/** Bytes that a villain sends in one turn: it wants to fill the other side's memory, not its own. */
const POUR_BYTES = 512 * 1024;

/** What a villain does with a link to somebody who takes part in a share. */
export type Villain = (socket: WebSocket, share: { infoHash: string; peerId: string; pieceCount: number }) => void;

/** A BEP 3 handshake that claims BEP 6 and BEP 10. */
function rawHandshake(infoHash: string, peerId: string): Buffer {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0x04]);
  const ids = [Buffer.from(infoHash, "hex"), Buffer.from(peerId, "hex")];
  return Buffer.concat([Buffer.from("\u0013BitTorrent protocol"), reserved, ...ids]);
}

/** A message of the peer wire: length, id, payload. */
function rawMessage(id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length);
  head[4] = id;
  return Buffer.concat([head, payload]);
}

/** Big-endian numbers of four bytes. */
function uint32s(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * at);
  return bytes;
}

const HAVE_ALL = rawMessage(14);
const HAVE_NONE = rawMessage(15);
const UNCHOKE = rawMessage(1);
const INTERESTED = rawMessage(2);

/** Sends `bytes` again and again as fast as they leave, until the link is closed. */
function pour(socket: WebSocket, bytes: Uint8Array): void {
  if (socket.readyState !== socket.OPEN) return;
  // Counted, since a reader that is fast enough never lets anything wait here.
  for (let sent = bytes.length; sent < POUR_BYTES; sent += bytes.length) socket.send(bytes);
  // The callback of the last one: by then there is room again.
  socket.send(bytes, () => setImmediate(() => pour(socket, bytes)));
}

function repeated(message: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => message));
}

/** Villains that wait to be dialled by somebody who downloads. */
export const villainousSeeds: Readonly<Record<string, Villain>> = {
  "says nothing at all": () => undefined,
  "sends garbage": (socket) => pour(socket, randomBytes(64 * 1024)),
  "sends text": (socket) => socket.send("hello"),
  "sends a message of 8 MiB": (socket) => socket.send(Buffer.alloc(8 * 1024 * 1024, "\u0013BitTorrent protocol")),
  "announces a message of 4 GiB": (socket, { infoHash, peerId }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_ALL, uint32s(0xffffffff), randomBytes(100_000)]));
  },
  "claims everything and never answers": (socket, { infoHash, peerId }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_ALL, UNCHOKE]));
  },
  "pours out what nobody asked for": (socket, { infoHash, peerId }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_ALL, UNCHOKE]));
    pour(socket, rawMessage(7, Buffer.concat([uint32s(0, 0), randomBytes(16_384)])));
  },
  "pours out haves": (socket, { infoHash, peerId, pieceCount }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_NONE]));
    pour(socket, repeated(rawMessage(4, uint32s(pieceCount - 1)), 4_000));
  },
  "answers every request with wrong bytes": (socket, { infoHash, peerId }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_ALL, UNCHOKE]));
    answerWrongly(socket);
  },
};

/** Villains that dial somebody who seeds. */
export const villainousLeeches: Readonly<Record<string, Villain>> = {
  "says nothing at all": () => undefined,
  "sends garbage": (socket) => pour(socket, randomBytes(64 * 1024)),
  "sends a message of 8 MiB": (socket) => socket.send(Buffer.alloc(8 * 1024 * 1024, "\u0013BitTorrent protocol")),
  "asks for everything and takes nothing": (socket, { infoHash, peerId, pieceCount }) => {
    socket.pause();
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_NONE, INTERESTED]));
    const requests = Array.from({ length: 4_000 }, (_, at) => rawMessage(6, uint32s(at % (pieceCount - 1), 0, 32_768)));
    pour(socket, Buffer.concat(requests));
  },
  "asks for the metadata for ever and takes nothing": (socket, { infoHash, peerId }) => {
    socket.pause();
    const handshake = rawMessage(20, Buffer.from("\0d1:md11:ut_metadatai3eee"));
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_NONE, handshake]));
    pour(socket, repeated(rawMessage(20, Buffer.from("\u0001d8:msg_typei0e5:piecei0ee")), 2_000));
  },
  "asks for blocks and cancels them without end": (socket, { infoHash, peerId, pieceCount }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_NONE, INTERESTED]));
    const pairs = Array.from({ length: 2_000 }, (_, at) => {
      const block = uint32s(at % (pieceCount - 1), 0, 32_768);
      return Buffer.concat([rawMessage(6, block), rawMessage(8, block)]);
    });
    pour(socket, Buffer.concat(pairs));
  },
  "pours out keep-alives": (socket, { infoHash, peerId }) => {
    socket.send(Buffer.concat([rawHandshake(infoHash, peerId), HAVE_NONE]));
    pour(socket, Buffer.alloc(64 * 1024));
  },
};

/** Reads the requests out of what comes, wherever it is cut, and answers each with random bytes. */
function answerWrongly(socket: WebSocket): void {
  let bytes = Buffer.alloc(0);
  let isFirst = true;
  socket.on("message", (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
    if (isFirst && bytes.length >= 68) {
      bytes = bytes.subarray(68);
      isFirst = false;
    }
    while (!isFirst && bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
      const message = bytes.subarray(4, 4 + bytes.readUInt32BE());
      bytes = bytes.subarray(4 + message.length);
      if (message[0] === 6)
        socket.send(rawMessage(7, Buffer.concat([message.subarray(1, 9), randomBytes(message.readUInt32BE(9))])));
    }
  });
}
