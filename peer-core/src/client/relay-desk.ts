import { ShoalError } from "../base/errors.js";
import { isLoopbackHost } from "../base/host-scope.js";
import type { InfoHash } from "../base/ids.js";
import type { Timer } from "../ports/runtime.js";
import { CacheRoom } from "../swarm/relay/cache-room.js";
import { RelayFlow } from "../swarm/relay/relay-flow.js";
import type { Swarm } from "../swarm/swarm.js";
import { CLOSE } from "../wire/limits.js";
import type { ClientContext } from "./client-context.js";
import type { RelayOptions } from "./relay-options.js";
import { TorrentSession } from "./torrent-session.js";

/** A share that is carried. */
interface Carried {
  readonly session: TorrentSession;
  /** Somebody was connected then, or it had just come. */
  usedAt: number;
  isAdmitted: boolean;
}

/** Shares that somebody has come for and of which it is not decided yet whether they are carried. */
const MAX_ASKED = 64;
/** Shares carried at once: each has its peers, its trackers and a table of its pieces. */
const MAX_CARRIED = 1_000;
/** Shares that nobody uses are looked for this often at least. */
const LOOK_EVERY_MS = 5_000;

/**
 * Carries shares that peers come for. A link for an unknown share is taken in at once and waits inside its swarm, where
 * what a peer says is bounded, until it is decided: if it is not carried, all its links close with 4000.
 */
export class RelayDesk {
  readonly #options: RelayOptions;
  readonly #context: ClientContext;
  readonly #room: CacheRoom;
  readonly #carried = new Map<InfoHash, Carried>();
  /** Shares being left: until that is done, nothing else may open what is kept of them. */
  readonly #leaving = new Map<InfoHash, Promise<void>>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: RelayOptions, context: ClientContext) {
    this.#options = options;
    this.#context = context;
    this.#room = new CacheRoom(options.cache, options.keepBytes);
  }

  sessions(): readonly TorrentSession[] {
    return Array.from(this.#carried.values(), ({ session }) => session);
  }

  /** The swarm for a link that came in from `address`; undefined when it cannot be taken. */
  route(infoHash: InfoHash, address: string | undefined): Swarm | undefined {
    if (this.#isClosed || !this.#hasRoomFor(address)) return undefined;
    const carried = this.#carried.get(infoHash) ?? this.#take(infoHash);
    if (carried === undefined) return undefined;
    carried.usedAt = this.#now();
    return carried.session.swarm;
  }

  /** Leaves a share at once: the client has it as its own from now on. */
  giveWay(infoHash: InfoHash): void {
    const carried = this.#carried.get(infoHash);
    if (carried !== undefined) void this.#leave(infoHash, carried);
  }

  announce(): void {
    for (const { session, isAdmitted } of this.#carried.values()) if (isAdmitted) session.announce();
  }

  /** Leaves all shares. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const [infoHash, carried] of this.#carried) void this.#leave(infoHash, carried);
    await Promise.all(this.#leaving.values());
  }

  #hasRoomFor(address: string | undefined): boolean {
    if (address === undefined || isLoopbackHost(address)) return true;
    let links = 0;
    for (const { session } of this.#carried.values()) links += session.swarm.linksFrom(address);
    return links < this.#options.linksPerAddress;
  }

  #take(infoHash: InfoHash): Carried | undefined {
    let asked = 0;
    for (const { isAdmitted } of this.#carried.values()) if (!isAdmitted) asked++;
    if (asked >= MAX_ASKED || this.#carried.size >= MAX_CARRIED || this.#leaving.has(infoHash)) return undefined;
    const admitted = this.#options.admits(infoHash);
    const role = { room: this.#room, keepMs: this.#options.keepMs, unixMs: this.#options.unixMs };
    const session = new TorrentSession(
      {
        source: infoHash,
        // Not before it is decided, should a peer describe the share earlier.
        openStore: async (metainfo) => {
          if (!(await admitted)) throw new ShoalError("aborted", "The share is not carried");
          return this.#options.cache.open(metainfo);
        },
        trackers: [],
        relay: (parts) => new RelayFlow({ ...parts, role }),
      },
      { ...this.#context, onStopped: () => undefined },
    );
    const carried: Carried = { session, usedAt: this.#now(), isAdmitted: false };
    this.#carried.set(infoHash, carried);
    session.on((event) => event.kind === "failed" && void this.#leave(infoHash, carried));
    void this.#decide(infoHash, carried, admitted);
    this.#lookLater();
    return carried;
  }

  async #decide(infoHash: InfoHash, carried: Carried, admitted: Promise<boolean>): Promise<void> {
    const isAdmitted = await admitted;
    if (this.#carried.get(infoHash) !== carried) return;
    if (!isAdmitted) {
      carried.session.swarm.stop("stopped", { code: CLOSE.unknownInfoHash, message: "no such share here" });
      return this.#leave(infoHash, carried);
    }
    carried.isAdmitted = true;
    carried.session.announceTo(this.#options.trackers);
    const metainfo = await this.#options.metainfoOf(infoHash);
    if (metainfo !== undefined && this.#carried.get(infoHash) === carried) carried.session.describe(metainfo);
  }

  #leave(infoHash: InfoHash, carried: Carried): Promise<void> {
    if (this.#carried.get(infoHash) !== carried) return Promise.resolve();
    this.#carried.delete(infoHash);
    const leaving = carried.session.stop().then(() => void this.#leaving.delete(infoHash));
    this.#leaving.set(infoHash, leaving);
    return leaving;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#context.runtime.clock.schedule(Math.min(LOOK_EVERY_MS, this.#options.lingerMs), () => {
      this.#timer = undefined;
      this.#look();
      if (this.#carried.size > 0) this.#lookLater();
    });
  }

  #look(): void {
    const now = this.#now();
    for (const [infoHash, carried] of this.#carried) {
      if (!carried.isAdmitted || carried.session.swarm.isCarriedForSomebody) carried.usedAt = now;
      else if (now - carried.usedAt >= this.#options.lingerMs) void this.#leave(infoHash, carried);
    }
  }

  #now(): number {
    return this.#context.runtime.clock.now();
  }
}
