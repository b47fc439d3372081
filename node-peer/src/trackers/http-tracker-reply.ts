import { ShoalError, type AnnounceReply, type InfoHash, type ScrapeReply, type TrackerPeer } from "@shoal/peer-core";
import {
  bytesOf,
  decodeBencodePrefix,
  dictOf,
  fromHex,
  intOf,
  listOf,
  messageOf,
  peerIdFromBytes,
  textOf,
  toBinaryString,
  type BencodeDict,
  type BencodeValue,
} from "@shoal/peer-core/torrent";
import { MAX_PEERS, parseCompactPeers, tcpEndpoint } from "./compact-peers.js";
import { refusal } from "./tracker-refusal.js";

/** Where a tracker does not say: what most say. */
const DEFAULT_INTERVAL_S = 1_800;
/** Longer ones would only make our requests long. */
const MAX_TRACKER_ID_BYTES = 256;
const PEER_ID_BYTES = 20;

export interface HttpAnnounceAnswer {
  readonly reply: AnnounceReply;
  /** To be sent with later announces (BEP 3). */
  readonly trackerId: Uint8Array | undefined;
}

/** Reads the reply to an announce (BEP 3, 7, 23). Throws ShoalError("tracker") for nonsense and for a failure reason (BEP 31). */
export function parseHttpAnnounceReply(body: Uint8Array): HttpAnnounceAnswer {
  const dict = replyDict(body);
  const shortest = count(dict, "min interval") ?? 0;
  const trackerId = bytesOf(dict, "tracker id");
  const warning = textOf(dict, "warning message");
  return {
    reply: {
      intervalSeconds: Math.max(count(dict, "interval") ?? DEFAULT_INTERVAL_S, shortest),
      seeds: count(dict, "complete") ?? 0,
      leeches: count(dict, "incomplete") ?? 0,
      peers: [...parsePeers(dict.get("peers")), ...parseCompactPeers(bytesOf(dict, "peers6") ?? new Uint8Array(), 6)],
      relays: [],
      warning: warning === "" ? undefined : warning,
    },
    trackerId: trackerId === undefined || trackerId.length > MAX_TRACKER_ID_BYTES ? undefined : trackerId.slice(),
  };
}

/** Reads the counts of one share in the reply to a scrape (BEP 48); zeros when it is not named. Throws ShoalError("tracker"). */
export function parseHttpScrapeReply(body: Uint8Array, infoHash: InfoHash): ScrapeReply {
  const files = dictOf(replyDict(body).get("files"));
  if (files === undefined) throw new ShoalError("tracker", "answered a scrape without files");
  const file: BencodeDict = dictOf(files.get(toBinaryString(fromHex(infoHash) ?? new Uint8Array()))) ?? new Map();
  return {
    seeds: count(file, "complete") ?? 0,
    leeches: count(file, "incomplete") ?? 0,
    completed: count(file, "downloaded") ?? 0,
  };
}

/** True when `body` is the bencoded dictionary that a tracker answers, whatever its HTTP status. */
export function isTrackerReply(body: Uint8Array): boolean {
  try {
    return dictOf(decodeBencodePrefix(body).value) !== undefined;
  } catch {
    return false;
  }
}

function replyDict(body: Uint8Array): BencodeDict {
  const dict = dictOf(decoded(body));
  if (dict === undefined) throw new ShoalError("tracker", "answered with something else than a dictionary");
  const failure = bytesOf(dict, "failure reason");
  if (failure !== undefined) throw refusal(failure, retryMs(dict));
  return dict;
}

/** Some trackers let a line break follow. */
function decoded(body: Uint8Array): BencodeValue {
  try {
    return decodeBencodePrefix(body).value;
  } catch (error) {
    throw new ShoalError("tracker", `answered nonsense: ${messageOf(error)}`, { cause: error });
  }
}

/** BEP 31: minutes, or "never". */
function retryMs(dict: BencodeDict): number | undefined {
  const text = textOf(dict, "retry in");
  if (text === "never") return Number.POSITIVE_INFINITY;
  const minutes = intOf(dict, "retry in") ?? (text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined);
  return minutes === undefined || minutes < 0 ? undefined : minutes * 60_000;
}

function parsePeers(value: BencodeValue | undefined): readonly TrackerPeer[] {
  if (value instanceof Uint8Array) return parseCompactPeers(value, 4);
  const list = listOf(new Map([["peers", value ?? []]]), "peers") ?? [];
  const peers: TrackerPeer[] = [];
  for (const item of list.slice(0, MAX_PEERS)) {
    const dict = dictOf(item);
    const endpoint = dict && tcpEndpoint(textOf(dict, "ip") ?? "", intOf(dict, "port") ?? 0);
    if (endpoint === undefined) continue;
    const id = bytesOf(dict ?? new Map(), "peer id");
    peers.push({ peerId: id?.length === PEER_ID_BYTES ? peerIdFromBytes(id) : undefined, endpoint });
  }
  return peers;
}

function count(dict: BencodeDict, key: string): number | undefined {
  const value = intOf(dict, key);
  return value === undefined || value < 0 ? undefined : value;
}
