/**
 * Longest `request` that we serve and send: `block_max` in the extended handshake. 256 KiB is where WebSocket messages
 * stop getting cheaper per byte (16 KiB: 1,320 MiB/s, 256 KiB: 1,790, 1 MiB: 1,946) while four still fit a 1 MiB send buffer.
 */
export const BLOCK_MAX_BYTES = 262_144;

/** Any message but `piece`: room for the largest bitfield (2^20 pieces) and its id. */
export const MAX_MESSAGE_BYTES = 129 * 1024;

/** Metadata travels in parts of this size (BEP 9). */
export const METADATA_PART_BYTES = 16_384;

/** Largest `info` dictionary that we accept or serve. */
export const MAX_METADATA_BYTES = 32 * 1024 * 1024;

/** Pieces of a share at most; what one peer may claim before the metadata is known. */
export const MAX_PIECES = 2 ** 20;

/** A bitfield of all pieces that a share may have: `sh_want`. */
export const MAX_WANT_BYTES = MAX_PIECES / 8;

/** Requests that we tell others to have waiting with us at most: our `reqq`. */
export const REQUEST_QUEUE_TOLD = 256;
/**
 * What we queue all the same, as much as libtorrent does: WebTorrent asks for a second's worth in units of 16 KiB, whatever
 * it is told. A request takes no memory to speak of until its turn comes.
 */
export const MAX_QUEUED_REQUESTS = 2_000;
export const MAX_QUEUED_REQUEST_BYTES = 32 * 1024 * 1024;

/** Peers that one peer may tell of in a minute, and that we tell of at once (BEP 11). */
export const MAX_PEX_PEERS = 50;

/** Bytes of a URL at which a peer can be dialled. */
export const MAX_ENDPOINT_BYTES = 512;

/** Bytes that we ask of one peer ahead of what has come. */
export const MAX_WINDOW_BYTES = 16 * 1024 * 1024;

/** Without a word for 20 s we send a keep-alive; without one for 45 s our own kind of peer is gone. */
export const KEEP_ALIVE_MS = 20_000;
export const DEAD_MS = 45_000;
/** Other clients send keep-alives every two minutes (BEP 3). */
export const DEAD_FOREIGN_MS = 150_000;

/** From the open link to the other side's handshake. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Why links are closed: WebSocket close codes, those from 4000 on are ours. */
export const CLOSE = {
  done: 1000,
  protocolError: 1002,
  lost: 1006,
  unknownInfoHash: 4000,
  self: 4001,
  duplicate: 4002,
  overQuota: 4003,
  badData: 4004,
  idle: 4005,
  shuttingDown: 4006,
} as const;
