export * from "./torrent/index.js";
export { Client } from "./client/client.js";
export { TorrentSession } from "./client/torrent-session.js";
export type * from "./client/share-options.js";
export type * from "./swarm/swarm-view.js";
export type * from "./ports/connection.js";
export type * from "./ports/piece-store.js";
export type * from "./ports/runtime.js";
export type * from "./ports/tracker-channel.js";
