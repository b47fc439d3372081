import { ShoalError } from "../base/errors.js";
import { isWireId } from "./protocol-ids.js";
import type { WireId } from "./protocol-ids.js";
import { countOf, listOf, objectOf, parseJsonObject, textOf } from "./protocol-json.js";
import type { JsonObject } from "./protocol-json.js";
import { MAX_ENDPOINT_LENGTH, parseDescription } from "./protocol-requests.js";
import type { SessionDescription } from "./protocol-requests.js";

/** Peers taken from one message: twice what our own tracker tells at most. */
const MAX_PEERS_READ = 100;

const MAX_RELAYS_READ = 16;
const MAX_SCRAPE_FILES = 100;
const MAX_REASON_LENGTH = 1000;
/** A tracker may ask for a long pause but not for ever. */
const MAX_INTERVAL_SECONDS = 86_400;
const DEFAULT_INTERVAL_SECONDS = 120;

/** A dialable peer as a tracker tells it. `endpoint` may be relative to the tracker's URL. */
export interface ToldPeer {
  readonly peerId: WireId;
  readonly endpoint: string;
}

export interface AnnounceAnswer {
  readonly type: "announce";
  readonly infoHash: WireId;
  readonly intervalSeconds: number;
  readonly complete: number;
  readonly incomplete: number;
  readonly peers: readonly ToldPeer[];
  /** Endpoints of relays, best first. */
  readonly relays: readonly string[];
}

/** Peers told unasked, because their endpoints have just been checked. */
export interface PeersNotice {
  readonly type: "peers";
  readonly infoHash: WireId;
  readonly peers: readonly ToldPeer[];
  /** Endpoints of all relays that are told now, best first; empty where none has come. */
  readonly relays: readonly string[];
}

export interface ScrapeCounts {
  readonly infoHash: WireId;
  readonly complete: number;
  readonly incomplete: number;
  readonly downloaded: number;
}

export interface FailureMessage {
  readonly type: "failure";
  readonly reason: string;
  readonly action: string | undefined;
  readonly infoHash: WireId | undefined;
}

interface ForwardedOffer {
  readonly type: "offer";
  readonly infoHash: WireId;
  readonly peerId: WireId;
  readonly offerId: string;
  readonly offer: SessionDescription;
}

interface ForwardedAnswer {
  readonly type: "answer";
  readonly infoHash: WireId;
  readonly peerId: WireId;
  readonly offerId: string;
  readonly answer: SessionDescription;
}

/** What a tracker sends to a peer over WebSocket. */
export type TrackerMessage =
  | AnnounceAnswer
  | PeersNotice
  | ForwardedOffer
  | ForwardedAnswer
  | { readonly type: "scrape"; readonly files: readonly ScrapeCounts[] }
  | FailureMessage
  | { readonly type: "ping" };

/** JSON text of a tracker's message, in WebTorrent's names where WebTorrent has them. */
export function encodeTrackerMessage(message: TrackerMessage): string {
  switch (message.type) {
    case "announce":
      return JSON.stringify({
        action: "announce",
        info_hash: message.infoHash,
        interval: message.intervalSeconds,
        complete: message.complete,
        incomplete: message.incomplete,
        peers: message.peers.length === 0 ? undefined : message.peers.map(toldPeer),
        relays: message.relays.length === 0 ? undefined : message.relays,
      });
    case "peers":
      return JSON.stringify({
        action: "peers",
        info_hash: message.infoHash,
        peers: message.peers.map(toldPeer),
        relays: message.relays.length === 0 ? undefined : message.relays,
      });
    case "offer":
    case "answer":
      return JSON.stringify({
        action: "announce",
        info_hash: message.infoHash,
        peer_id: message.peerId,
        offer_id: message.offerId,
        [message.type]: message.type === "offer" ? message.offer : message.answer,
      });
    case "scrape":
      return encodeScrape(message.files);
    case "failure":
      return JSON.stringify({ action: message.action, info_hash: message.infoHash, "failure reason": message.reason });
    case "ping":
      return '{"action":"ping"}';
  }
}

/** Reads what a tracker sent; undefined for an action that is unknown here; throws ShoalError("wire") for nonsense. */
export function parseTrackerMessage(text: string): TrackerMessage | undefined {
  const message = parseJsonObject(text);
  if (typeof message["failure reason"] === "string") return parseFailure(message, message["failure reason"]);
  switch (message.action) {
    case "announce":
      return "offer" in message || "answer" in message ? parseForwarded(message) : parseAnnounceAnswer(message);
    case "peers":
      return {
        type: "peers",
        infoHash: hashOf(message),
        peers: parsePeers(message.peers),
        relays: parseRelays(message.relays),
      };
    case "scrape":
      return { type: "scrape", files: parseFiles(message.files) };
    case "ping":
      return { type: "ping" };
    default:
      return undefined;
  }
}

function toldPeer(peer: ToldPeer): { peer_id: string; endpoint: string } {
  return { peer_id: peer.peerId, endpoint: peer.endpoint };
}

function encodeScrape(files: readonly ScrapeCounts[]): string {
  const byHash = files.map(({ infoHash, complete, incomplete, downloaded }): [string, unknown] => {
    return [infoHash, { complete, incomplete, downloaded }];
  });
  // fromEntries defines own keys, so no info-hash can reach a prototype.
  return JSON.stringify({ action: "scrape", files: Object.fromEntries(byHash) });
}

function parseFailure(message: JsonObject, reason: string): FailureMessage {
  const infoHash = message.info_hash;
  return {
    type: "failure",
    reason: reason.slice(0, MAX_REASON_LENGTH),
    action: textOf(message.action, 32),
    infoHash: isWireId(infoHash) ? infoHash : undefined,
  };
}

function parseAnnounceAnswer(message: JsonObject): AnnounceAnswer {
  const interval = message.interval ?? message["min interval"];
  const seconds = typeof interval === "number" && interval > 0 ? interval : DEFAULT_INTERVAL_SECONDS;
  return {
    type: "announce",
    infoHash: hashOf(message),
    intervalSeconds: Math.min(seconds, MAX_INTERVAL_SECONDS),
    complete: countOf(message.complete) ?? 0,
    incomplete: countOf(message.incomplete) ?? 0,
    peers: parsePeers(message.peers),
    relays: parseRelays(message.relays),
  };
}

function parseForwarded(message: JsonObject): ForwardedOffer | ForwardedAnswer {
  const infoHash = hashOf(message);
  const peerId = message.peer_id;
  const offerId = textOf(message.offer_id, 64);
  if (!isWireId(peerId) || offerId === undefined) throw new ShoalError("wire", "Expected peer_id and offer_id");
  const offer = parseDescription(message.offer);
  if (offer !== undefined) return { type: "offer", infoHash, peerId, offerId, offer };
  const answer = parseDescription(message.answer);
  if (answer !== undefined) return { type: "answer", infoHash, peerId, offerId, answer };
  throw new ShoalError("wire", "Expected an offer or an answer");
}

/** Entries that make no sense are passed over: one bad peer must not hide the good ones. */
function parsePeers(value: unknown): readonly ToldPeer[] {
  const peers: ToldPeer[] = [];
  for (const item of (listOf(value) ?? []).slice(0, MAX_PEERS_READ)) {
    const object = objectOf(item);
    const peerId = object?.peer_id;
    const endpoint = textOf(object?.endpoint, MAX_ENDPOINT_LENGTH);
    if (isWireId(peerId) && endpoint !== undefined) peers.push({ peerId, endpoint });
  }
  return peers;
}

function parseRelays(value: unknown): readonly string[] {
  const list = (listOf(value) ?? []).slice(0, MAX_RELAYS_READ);
  return list.filter((item): item is string => textOf(item, MAX_ENDPOINT_LENGTH) !== undefined);
}

function parseFiles(value: unknown): readonly ScrapeCounts[] {
  const counts: ScrapeCounts[] = [];
  for (const [infoHash, item] of Object.entries(objectOf(value) ?? {}).slice(0, MAX_SCRAPE_FILES)) {
    const file = objectOf(item);
    if (!isWireId(infoHash) || file === undefined) continue;
    counts.push({
      infoHash,
      complete: countOf(file.complete) ?? 0,
      incomplete: countOf(file.incomplete) ?? 0,
      downloaded: countOf(file.downloaded) ?? 0,
    });
  }
  return counts;
}

function hashOf(message: JsonObject): WireId {
  const value = message.info_hash;
  if (!isWireId(value)) throw new ShoalError("wire", "Expected info_hash of 20 characters, one per byte");
  return value;
}
