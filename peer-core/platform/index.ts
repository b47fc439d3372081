export type { CloseReason, Connection, ConnectionEvents, Dialer } from "../src/ports/connection.js";
export { createCryptoRandom } from "./crypto-random.js";
export { createMemoryPieceStore, type MemoryPieceStoreOptions } from "./memory-piece-store.js";
export { createSystemClock } from "./system-clock.js";
export { createWebCryptoHasher } from "./web-crypto-hasher.js";
export { MAX_MESSAGE_BYTES, WebSocketConnection, type WebSocketConnectionOptions } from "./websocket-connection.js";
export { createWebSocketDialer, PEER_SUBPROTOCOL, type WebSocketDialerOptions } from "./websocket-dialer.js";
export type { WebSocketLike } from "./websocket-like.js";
export { createWebSocketTrackerChannel, type WebSocketTrackerChannelOptions } from "./websocket-tracker-channel.js";
