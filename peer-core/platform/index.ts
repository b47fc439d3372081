export type { CloseReason, Connection, ConnectionEvents, Dialer } from "../src/ports/connection.js";
export type { CreateConnection, SocketOpeners } from "./open-websocket.js";
export { createCryptoRandom } from "./crypto-random.js";
export { createFetchRangeSource, type FetchRangeSourceOptions } from "./fetch-range-source.js";
export { createMemoryPieceStore, type MemoryPieceStoreOptions } from "./memory-piece-store.js";
export { DRAIN_BYTES, SendWatch, type SendWatchOptions } from "./send-watch.js";
export { createSha1Hasher } from "./sha1-hasher.js";
export { createSystemClock } from "./system-clock.js";
export { createWebCryptoHasher } from "./web-crypto-hasher.js";
export { MAX_MESSAGE_BYTES, WebSocketConnection, type WebSocketConnectionOptions } from "./websocket-connection.js";
export { createWebSocketDialer, PEER_SUBPROTOCOL, type WebSocketDialerOptions } from "./websocket-dialer.js";
export type { WebSocketLike } from "./websocket-like.js";
export {
  createTrackerChannel,
  createWebSocketTrackerChannel,
  type TrackerChannelOptions,
  type WebSocketTrackerChannelOptions,
} from "./websocket-tracker-channel.js";
export type { TrackerLine, TrackerLineEvents } from "./websocket-tracker-channel-line.js";
