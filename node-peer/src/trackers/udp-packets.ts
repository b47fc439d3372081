import {
  ShoalError,
  type AnnounceReply,
  type AnnounceRequest,
  type InfoHash,
  type ScrapeReply,
} from "@shoal/peer-core";
import { idBytes } from "@shoal/peer-core/torrent";
import { parseCompactPeers } from "./compact-peers.js";
import { NO_PORT, UNKNOWN_LEFT } from "./http-announce-url.js";

/** What a packet of BEP 15 asks or answers. */
export const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;

/** Sent in place of a connection id to get one. */
const PROTOCOL_ID = 0x417_2710_1980n;
const EVENTS = { completed: 1, started: 2, stopped: 3 } as const;

/** Action and transaction id, of every reply. */
export const REPLY_HEADER_BYTES = 8;
const REQUEST_HEADER_BYTES = 16;
const CONNECT_REPLY_BYTES = 16;
const ANNOUNCE_REPLY_BYTES = 20;
const SCRAPE_REPLY_BYTES = 20;
const ANNOUNCE_BYTES = 98;

/** BEP 41: the option that carries path and query, in parts of at most a byte's worth. */
const URL_DATA = 2;
const MAX_OPTION_BYTES = 255;

/** The header of a reply: what it answers, and how. */
export interface UdpReplyHeader {
  readonly action: number;
  readonly transaction: number;
}

export interface UdpAnnounce {
  readonly request: AnnounceRequest;
  /** Proves that we are the same peer when our address has changed. */
  readonly key: number;
  /** Path and query of the tracker's URL (BEP 41); "" where there is nothing to tell. */
  readonly path: string;
}

/** Asks for a connection id. */
export function encodeUdpConnect(transaction: number): Uint8Array {
  return encodeHeader(PROTOCOL_ID, ACTION.connect, transaction);
}

export function encodeUdpAnnounce(
  connection: bigint,
  transaction: number,
  { request, key, path }: UdpAnnounce,
): Uint8Array {
  const { infoHash, peerId, downloaded, left, uploaded, event, numWant, port } = request;
  const packet = Buffer.alloc(ANNOUNCE_BYTES);
  packet.set(encodeHeader(connection, ACTION.announce, transaction));
  packet.set(idBytes(infoHash), 16);
  packet.set(idBytes(peerId), 36);
  packet.writeBigUInt64BE(BigInt(downloaded), 56);
  packet.writeBigUInt64BE(BigInt(left ?? UNKNOWN_LEFT), 64);
  packet.writeBigUInt64BE(BigInt(uploaded), 72);
  packet.writeUInt32BE(event === undefined ? 0 : EVENTS[event], 80);
  // At 84 the address stays 0: the one that the packet comes from.
  packet.writeUInt32BE(key, 88);
  packet.writeInt32BE(numWant, 92);
  packet.writeUInt16BE(port ?? NO_PORT, 96);
  return path === "" ? packet : Buffer.concat([packet, encodeUrlData(path)]);
}

export function encodeUdpScrape(connection: bigint, transaction: number, infoHash: InfoHash): Uint8Array {
  return Buffer.concat([encodeHeader(connection, ACTION.scrape, transaction), idBytes(infoHash)]);
}

/** The header of a reply; undefined when it is too short to be one. */
export function parseUdpHeader(packet: Buffer): UdpReplyHeader | undefined {
  if (packet.length < REPLY_HEADER_BYTES) return undefined;
  return { action: packet.readUInt32BE(0), transaction: packet.readUInt32BE(4) };
}

/** The connection id of a reply. Throws ShoalError("tracker"). */
export function parseUdpConnectReply(packet: Buffer): bigint {
  return atLeast(packet, CONNECT_REPLY_BYTES).readBigUInt64BE(REPLY_HEADER_BYTES);
}

/** Reads the reply to an announce, whose peers have addresses of `family`. Throws ShoalError("tracker"). */
export function parseUdpAnnounceReply(packet: Buffer, family: 4 | 6): AnnounceReply {
  atLeast(packet, ANNOUNCE_REPLY_BYTES);
  return {
    intervalSeconds: packet.readUInt32BE(8),
    leeches: packet.readUInt32BE(12),
    seeds: packet.readUInt32BE(16),
    peers: parseCompactPeers(packet.subarray(ANNOUNCE_REPLY_BYTES), family),
    relays: [],
  };
}

/** Reads the reply to a scrape of one share. Throws ShoalError("tracker"). */
export function parseUdpScrapeReply(packet: Buffer): ScrapeReply {
  atLeast(packet, SCRAPE_REPLY_BYTES);
  return { seeds: packet.readUInt32BE(8), completed: packet.readUInt32BE(12), leeches: packet.readUInt32BE(16) };
}

function encodeHeader(connection: bigint, action: number, transaction: number): Buffer {
  const packet = Buffer.alloc(REQUEST_HEADER_BYTES);
  packet.writeBigUInt64BE(connection, 0);
  packet.writeUInt32BE(action, 8);
  packet.writeUInt32BE(transaction, 12);
  return packet;
}

function encodeUrlData(path: string): Buffer {
  const bytes = Buffer.from(path);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MAX_OPTION_BYTES) {
    const part = bytes.subarray(at, at + MAX_OPTION_BYTES);
    parts.push(Buffer.from([URL_DATA, part.length]), part);
  }
  return Buffer.concat(parts);
}

function atLeast(packet: Buffer, bytes: number): Buffer {
  if (packet.length >= bytes) return packet;
  throw new ShoalError("tracker", `answered with ${packet.length} bytes instead of ${bytes} or more`);
}
