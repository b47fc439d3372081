/** Every limit of the tracker, in one place: `docs/protocol.md` and `docs/tracker-api.md` name those that others notice. */

/** Seconds between announces over WebSocket: a newcomer is told at once, so this only keeps a registration alive. */
export const INTERVAL_SECONDS = 120;
/** Seconds between announces over HTTP, where each costs a connection. */
export const HTTP_INTERVAL_SECONDS = 600;
/** What an HTTP client is asked to wait at least (BEP 3 extension "min interval"). */
export const HTTP_MIN_INTERVAL_SECONDS = 60;
/** A peer is dropped after two intervals and this, so one lost announce costs nobody a place. */
export const EXPIRY_SLACK_SECONDS = 60;

/** Peers told in one reply. */
export const MAX_PEERS_TOLD = 50;
/** Peers told when the announce does not say how many it wants (BEP 3). */
export const DEFAULT_PEERS_TOLD = 50;
/** Seeds told over HTTP to who has nothing left: aria2 says so of a magnet until it has got the metadata from somebody. */
export const SEEDS_TOLD_TO_SEEDS = 8;
/** Peers kept per swarm; a newcomer beyond it is answered, and so can dial others, but is not listed. */
export const MAX_PEERS_PER_SWARM = 5_000;
/** Swarms in all: about 1 GiB of empty ones. */
export const MAX_SWARMS = 1_000_000;
/** How long an empty swarm's count of completed downloads is remembered. */
export const EMPTY_SWARM_SECONDS = 3_600;
/** Swarms one socket may be registered in: a library that seeds everything it has. */
export const MAX_SWARMS_PER_SOCKET = 4_096;
/** Candidates looked at for one reply, so that a swarm of unsuitable peers costs no more than a big one. */
export const MAX_PEERS_VISITED = 1_000;
/** Relays told in one reply: one to use and some to fall back on. */
export const MAX_RELAYS_TOLD = 4;
/** Relays remembered in all. */
export const MAX_RELAYS = 1_000;

/** Announces per socket and swarm: this many at once … */
export const ANNOUNCE_BURST = 8;
/** … and one per so many seconds after that, unless `announceRate` says otherwise. */
export const ANNOUNCE_SECONDS = 30;
/** Answers to offers per socket: as many at once as offers may arrive, then this many a second. */
export const ANSWER_BURST = 100;
export const ANSWERS_PER_SECOND = 10;
/** Reports of held pieces per socket and swarm: this many at once, then one per `HAVE_SECONDS`. */
export const HAVE_BURST = 4;
export const HAVE_SECONDS = 5;
/** Memory for pieces reported by the peers of one socket, and by all. */
export const MAX_HELD_BYTES_PER_SOCKET = 1024 * 1024;
export const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Peers listed as holders of one piece. */
export const MAX_HOLDERS_TOLD = 1_000;
/** Bytes of bitfields looked at for one count of a swarm's pieces, about 0.1 s of work. */
export const MAX_COUNTED_BYTES = 16 * 1024 * 1024;

/** A new dialable peer is told unasked to at most so many others, and at most once a second to each per swarm. */
export const MAX_NOTICE_RECEIVERS = 200;
export const NOTICE_GAP_MS = 1_000;

/** A WebSocket message; only reports of held pieces may be longer. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
export const MAX_HAVE_MESSAGE_BYTES = 256 * 1024;
/** Fragments of one message. */
export const MAX_FRAGMENTS = 8;
/** Malformed messages before a socket is closed. */
export const MAX_PROTOCOL_ERRORS = 3;
/** WebSocket pings, and how long a silent socket counts as alive. */
export const PING_MS = 25_000;
export const DEAD_MS = 60_000;
/** A socket that says nothing of use for so long is closed. */
export const IDLE_MS = 600_000;
/** Time for the other side to agree to a close, and for the last bytes to leave. */
export const CLOSE_MS = 30_000;
/** Bytes waiting for a slow reader: above this nothing more is read from it … */
export const PAUSE_BUFFER_BYTES = 256 * 1024;
/** … above this, or after this time without a byte leaving, it is cut off. */
export const MAX_BUFFER_BYTES = 1024 * 1024;
export const STALLED_MS = 30_000;
/** Bytes waiting for all slow readers together; the slowest are cut off first. */
export const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;

/** Sockets per address (IPv6: per /64), new ones per second of one address, and in all. */
export const MAX_SOCKETS_PER_ADDRESS = 256;
export const NEW_SOCKETS_PER_SECOND = 20;
export const MAX_SOCKETS = 50_000;
/** Connections that have not sent a request yet; the oldest makes room. */
export const MAX_SILENT_CONNECTIONS = 1_000;
/** Time for the headers of a request, upgrades included. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** Time for a whole request: 32 MiB of metainfo at 2 Mbit/s. */
export const REQUEST_TIMEOUT_MS = 130_000;
/** HTTP requests per address: this many at once, then this many a second. */
export const HTTP_BURST = 200;
export const HTTP_REQUESTS_PER_SECOND = 50;
/** Addresses whose rates are remembered; the least recently seen are forgotten. */
export const MAX_ADDRESSES_REMEMBERED = 100_000;

/** Endpoint checks: time for one, in flight in all, and per host at once and per second. */
export const CHECK_TIMEOUT_MS = 5_000;
export const MAX_CHECKS = 256;
export const CHECK_BURST_PER_HOST = 64;
export const CHECKS_PER_SECOND_PER_HOST = 1;
/** How long a check that succeeded, or failed, is believed. */
export const CHECK_GOOD_MS = 600_000;
export const CHECK_BAD_MS = 15_000;
export const MAX_CHECKS_REMEMBERED = 50_000;

/** A metainfo as sent to the catalogue. */
export const MAX_METAINFO_BYTES = 32 * 1024 * 1024;
/** Metainfos being received: bytes of all together, and how many at once per address. */
export const MAX_UPLOAD_BYTES = 256 * 1024 * 1024;
export const MAX_UPLOADS_PER_ADDRESS = 8;
/** New entries per address and day. */
export const MAX_ENTRIES_PER_DAY = 100;
/** Entries in all. */
export const MAX_ENTRIES = 200_000;
/** Characters of a search, entries on a page. */
export const MAX_SEARCH_LENGTH = 128;
export const MAX_PAGE = 50;
/** Entries looked at for one page of a search, about 10 ms; the cursor goes on from there. */
export const MAX_ENTRIES_VISITED = 50_000;
/** An entry without a seed for so long expires. */
export const ENTRY_LIFETIME_MS = 30 * 24 * 3_600_000;
/** How exactly "last seed seen" is kept on disk. */
export const SEED_SEEN_GRAIN_MS = 3_600_000;
/** Files listed in the JSON of one entry; the `.torrent` has all. */
export const MAX_FILES_TOLD = 10_000;
/** Characters of file names that a search looks through, per entry. */
export const MAX_SEARCHED_NAMES = 2_048;
