import { ShoalError } from "../base/errors.js";
import type { AnnounceEvent, HeldPieces } from "../ports/tracker-channel.js";
import { decodeBase64, encodeBase64 } from "./protocol-base64.js";
import { isWireId } from "./protocol-ids.js";
import type { WireId } from "./protocol-ids.js";
import { countOf, listOf, objectOf, parseJsonObject, textOf } from "./protocol-json.js";
import type { JsonObject } from "./protocol-json.js";

/** WebRTC offers that one announce may carry: what popular clients send at most, with room. */
export const MAX_OFFERS = 50;
/** Info-hashes in one scrape: about what an HTTP request line has room for (BEP 48). */
export const MAX_SCRAPE_HASHES = 64;
/** As many pieces as a share may have. */
export const MAX_PIECES = 2 ** 20;
/** An endpoint is a URL of ordinary length. */
export const MAX_ENDPOINT_LENGTH = 512;

const MAX_OFFER_ID_LENGTH = 64;
const MAX_SDP_LENGTH = 32 * 1024;
const MAX_BITFIELD_TEXT = Math.ceil(MAX_PIECES / 8 / 3) * 4;

/** A WebRTC session description, forwarded between peers of other clients and never looked at. */
export interface SessionDescription {
  readonly type: string;
  readonly sdp: string;
}

export interface Offer {
  readonly offerId: string;
  readonly offer: SessionDescription;
}

export interface AnnounceMessage {
  readonly type: "announce";
  readonly infoHash: WireId;
  readonly peerId: WireId;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes still missing; undefined while the metainfo is unknown. */
  readonly left: number | undefined;
  readonly event: AnnounceEvent | undefined;
  /** Peers wished for; undefined leaves it to the tracker. */
  readonly numWant: number | undefined;
  /** Undefined when the key was absent: such a peer speaks no WebRTC and gets no offers. */
  readonly offers: readonly Offer[] | undefined;
  readonly port: number | undefined;
  readonly endpoint: string | undefined;
  readonly isRelay: boolean;
  /** True when the sender wants to be told of new dialable peers unasked. */
  readonly wantsNotice: boolean;
}

export interface AnswerMessage {
  readonly type: "answer";
  readonly infoHash: WireId;
  readonly peerId: WireId;
  readonly toPeerId: WireId;
  readonly offerId: string;
  readonly answer: SessionDescription;
}

export interface ScrapeMessage {
  readonly type: "scrape";
  readonly infoHashes: readonly WireId[];
}

export interface HaveMessage {
  readonly type: "have";
  readonly infoHash: WireId;
  readonly pieces: HeldPieces;
}

/** What a peer sends to a tracker over WebSocket. */
export type TrackerRequest = AnnounceMessage | AnswerMessage | ScrapeMessage | HaveMessage | { readonly type: "ping" };

/** JSON text of a request, in WebTorrent's names where WebTorrent has them. */
export function encodeRequest(request: TrackerRequest): string {
  switch (request.type) {
    case "announce":
      return JSON.stringify({
        action: "announce",
        info_hash: request.infoHash,
        peer_id: request.peerId,
        uploaded: request.uploaded,
        downloaded: request.downloaded,
        left: request.left ?? null,
        event: request.event,
        numwant: request.numWant,
        offers: request.offers?.map(({ offerId, offer }) => ({ offer_id: offerId, offer })),
        port: request.port,
        endpoint: request.endpoint,
        relay: request.isRelay ? 1 : undefined,
        notify: request.wantsNotice ? 1 : undefined,
      });
    case "answer": {
      const { infoHash, peerId, toPeerId, offerId, answer } = request;
      return JSON.stringify({
        action: "announce",
        info_hash: infoHash,
        peer_id: peerId,
        to_peer_id: toPeerId,
        offer_id: offerId,
        answer,
      });
    }
    case "scrape":
      return JSON.stringify({ action: "scrape", info_hash: request.infoHashes });
    case "have":
      return JSON.stringify({ action: "have", info_hash: request.infoHash, pieces: encodeHeld(request.pieces) });
    case "ping":
      return '{"action":"ping"}';
  }
}

/** Reads what a peer sent; throws ShoalError("wire") with a sentence fit for a `failure reason`. */
export function parseRequest(text: string): TrackerRequest {
  const message = parseJsonObject(text);
  switch (message.action) {
    case "announce":
      return "answer" in message ? parseAnswer(message) : parseAnnounce(message);
    case "scrape":
      return { type: "scrape", infoHashes: parseScrapeHashes(message.info_hash) };
    case "have":
      return { type: "have", infoHash: idOf(message, "info_hash"), pieces: parseHeld(message.pieces) };
    case "ping":
      return { type: "ping" };
    default:
      throw new ShoalError("wire", 'Expected action "announce", "scrape", "have" or "ping"');
  }
}

function parseAnnounce(message: JsonObject): AnnounceMessage {
  return {
    type: "announce",
    infoHash: idOf(message, "info_hash"),
    peerId: idOf(message, "peer_id"),
    uploaded: countOf(message.uploaded) ?? 0,
    downloaded: countOf(message.downloaded) ?? 0,
    left: countOf(message.left),
    event: parseAnnounceEvent(message.event),
    numWant: countOf(message.numwant),
    offers: parseOffers(message.offers),
    port: portOf(message.port),
    endpoint: textOf(message.endpoint, MAX_ENDPOINT_LENGTH),
    isRelay: message.relay === 1 || message.relay === true,
    wantsNotice: message.notify === 1 || message.notify === true,
  };
}

function parseAnswer(message: JsonObject): AnswerMessage {
  const offerId = textOf(message.offer_id, MAX_OFFER_ID_LENGTH);
  const answer = parseDescription(message.answer);
  if (offerId === undefined || answer === undefined) throw new ShoalError("wire", "Expected offer_id and answer");
  return {
    type: "answer",
    infoHash: idOf(message, "info_hash"),
    peerId: idOf(message, "peer_id"),
    toPeerId: idOf(message, "to_peer_id"),
    offerId,
    answer,
  };
}

function parseOffers(value: unknown): readonly Offer[] | undefined {
  if (value === undefined || value === null) return undefined;
  const list = listOf(value);
  if (list === undefined) throw new ShoalError("wire", "Expected offers to be a list");
  const offers: Offer[] = [];
  for (const item of list.slice(0, MAX_OFFERS)) {
    const object = objectOf(item);
    const offerId = textOf(object?.offer_id, MAX_OFFER_ID_LENGTH);
    const offer = parseDescription(object?.offer);
    if (offerId !== undefined && offer !== undefined) offers.push({ offerId, offer });
  }
  return offers;
}

/** A session description cut down to the two fields that matter; undefined when it is not one. */
export function parseDescription(value: unknown): SessionDescription | undefined {
  const object = objectOf(value);
  const type = textOf(object?.type, 16);
  const sdp = textOf(object?.sdp, MAX_SDP_LENGTH);
  return type === undefined || sdp === undefined ? undefined : { type, sdp };
}

/** The three events that change state (BEP 3); anything else, WebTorrent's "update" included, is a plain announce. */
export function parseAnnounceEvent(value: unknown): AnnounceEvent | undefined {
  return value === "started" || value === "stopped" || value === "completed" ? value : undefined;
}

function parseScrapeHashes(value: unknown): readonly WireId[] {
  const list = typeof value === "string" ? [value] : (listOf(value) ?? []);
  const hashes = list.slice(0, MAX_SCRAPE_HASHES).filter(isWireId);
  if (hashes.length === 0) throw new ShoalError("wire", "Expected info_hash: one or a list of 20 characters each");
  return hashes;
}

function encodeHeld(pieces: HeldPieces): unknown {
  switch (pieces.kind) {
    case "all":
      return "all";
    case "bitfield":
      return encodeBase64(pieces.bytes);
    case "indexes":
      return pieces.pieces;
  }
}

function parseHeld(value: unknown): HeldPieces {
  if (value === "all") return { kind: "all" };
  const list = listOf(value);
  if (list !== undefined) {
    return {
      kind: "indexes",
      pieces: list.filter((piece) => countOf(piece, MAX_PIECES - 1) !== undefined) as number[],
    };
  }
  const bytes = decodeBase64(textOf(value, MAX_BITFIELD_TEXT) ?? "?");
  if (bytes === undefined || bytes.length > MAX_PIECES / 8) {
    throw new ShoalError("wire", 'Expected pieces: "all", a bitfield in base64 or a list of indexes');
  }
  return { kind: "bitfield", bytes };
}

function idOf(message: JsonObject, key: string): WireId {
  const value = message[key];
  if (!isWireId(value)) throw new ShoalError("wire", `Expected ${key} of 20 characters, one per byte`);
  return value;
}

function portOf(value: unknown): number | undefined {
  const port = countOf(value, 65_535);
  return port === 0 ? undefined : port;
}
