import type { PeerSession } from "../../peer/peer-session.js";
import { Bitfield } from "../../torrent/bitfield.js";
import type { CacheRoom, CacheTenant } from "./cache-room.js";
import type { PieceTable } from "../pieces/piece-table.js";
import type { Downloader } from "./relay-demand.js";

/** What makes a swarm that of a relay. */
export interface RelayRole {
  /** Where pieces of all shares are kept. */
  readonly room: CacheRoom;
  /** For so long a share that is kept is promised from when it was last wanted; 0: none is kept. */
  readonly keepMs: number;
  /** Milliseconds since 1970. */
  readonly unixMs: () => number;
}

/** A promise that is renewed is told again when it has grown by this much: nobody needs it to the second. */
const TOLD_AGAIN_MS = 60_000;

/**
 * Keeps a whole share that somebody wanted, or wants kept, as far as the cache has room for such, and tells peers until when. Idle →
 * fetching → promised → idle.
 */
export class RelayPromise {
  readonly #policy: RelayRole;
  readonly #tenant: CacheTenant;
  readonly #table: PieceTable;
  #isKept = false;
  #lastWantedMs = 0;
  #untilMs = 0;
  #toldMs = 0;

  constructor(policy: RelayRole, tenant: CacheTenant, table: PieceTable) {
    this.#policy = policy;
    this.#tenant = tenant;
    this.#table = table;
  }

  /** Milliseconds since 1970; 0: nothing is promised. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** All of the share is to be fetched. */
  get isFetching(): boolean {
    return this.#isKept && !this.#table.isSeed;
  }

  /** The wish for the whole, as that of a peer that takes nothing: it comes after those of others. */
  asDownloader(): Downloader {
    const wants = Bitfield.full(this.#table.geometry.pieceCount);
    wants.subtract(this.#table.have);
    return { wants, bytesPerSecond: 0 };
  }

  /** Tells a peer that has come, if there is something to tell. */
  greet(session: PeerSession): void {
    if (this.#toldMs > 0) session.sendExtension({ type: "kept", untilMs: this.#toldMs });
  }

  /** To be called about once a second. `isWanted`: a peer wants something of the share, or asks for it to be kept. */
  tick(isWanted: boolean, sessions: Iterable<PeerSession>): void {
    const { room, keepMs, unixMs } = this.#policy;
    const now = unixMs();
    if (isWanted) this.#lastWantedMs = now;
    const isRecent = now - this.#lastWantedMs < keepMs;
    if (!isRecent) room.keepNoMore(this.#tenant);
    this.#isKept = isRecent && room.keep(this.#tenant, this.#table.geometry.length);
    this.#untilMs = this.#isKept && this.#table.isSeed ? this.#lastWantedMs + keepMs : 0;
    this.#tell(sessions);
  }

  #tell(sessions: Iterable<PeerSession>): void {
    const isSameKind = this.#untilMs > 0 === this.#toldMs > 0;
    if (isSameKind && this.#untilMs - this.#toldMs < TOLD_AGAIN_MS) return;
    this.#toldMs = this.#untilMs;
    for (const session of sessions) session.sendExtension({ type: "kept", untilMs: this.#toldMs });
  }
}
