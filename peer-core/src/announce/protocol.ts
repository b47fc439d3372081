/**
 * The tracker protocol over WebSocket: JSON text, compatible with WebTorrent's trackers, with our additions. This is the
 * entry `@shoal/peer-core/announce`, and all of peer-core that a tracker needs besides torrent parsing.
 */
export { isShoalError, messageOf, ShoalError } from "../base/errors.js";
export type { InfoHash, PeerId } from "../base/ids.js";
export type { AnnounceEvent, HeldPieces } from "../ports/tracker-channel.js";
export { infoHashOf, isWireId, peerIdOf, toWireId, wireIdBytes, wireIdHex } from "./protocol-ids.js";
export type { WireId } from "./protocol-ids.js";
export { MAX_JSON_DEPTH } from "./protocol-json.js";
export {
  encodeRequest,
  MAX_ENDPOINT_LENGTH,
  MAX_OFFERS,
  MAX_PIECES,
  MAX_SCRAPE_HASHES,
  parseAnnounceEvent,
  parseRequest,
} from "./protocol-requests.js";
export type {
  AnnounceMessage,
  AnswerMessage,
  HaveMessage,
  Offer,
  ScrapeMessage,
  SessionDescription,
  TrackerRequest,
} from "./protocol-requests.js";
export { encodeTrackerMessage, parseTrackerMessage } from "./protocol-replies.js";
export type {
  AnnounceAnswer,
  FailureMessage,
  PeersNotice,
  ScrapeCounts,
  ToldPeer,
  TrackerMessage,
} from "./protocol-replies.js";

/** Path of the peer listener that a `port` announced over WebSocket leads to. */
export const PEER_PATH = "/peer";
