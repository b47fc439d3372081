import { chooseVictims, FAIR_PART, type Victim } from "./relay-eviction.js";

/** Where the pieces of all shares are kept, as far as its room is concerned: see `PieceCache`. */
export interface BoundedCache {
  readonly quotaBytes: number;
  readonly usedBytes: number;
  makeRoom(bytes: number): Promise<void>;
}

/** A share that keeps pieces in the cache. */
export interface CacheTenant {
  /** Bytes of pieces that are kept. */
  readonly heldBytes: number;
  /** Pieces that may go now. */
  victims(): readonly Victim[];
  /** Gives a piece up; resolves when its room is free. Never rejects. */
  evict(piece: number): Promise<void>;
  /** There may be room where there was none. */
  onRoom(): void;
}

/**
 * The room of a relay's cache, shared by all shares that it carries. Room is held before a piece is begun, so what is
 * written never exceeds the quota. Invariant: used + held for pieces under way ≤ quota, if used was.
 */
export class CacheRoom {
  readonly #cache: BoundedCache;
  readonly #keepBytes: number;
  /** Bytes held for pieces under way, by tenant: every tenant has an entry. */
  readonly #held = new Map<CacheTenant, number>();
  /** Tenants that were refused, and have not got room or changed their mind since. */
  readonly #waiting = new Set<CacheTenant>();
  readonly #kept = new Map<CacheTenant, number>();
  #isMakingRoom = false;

  /** `keepBytes`: of whole shares that may be promised to stay. */
  constructor(cache: BoundedCache, keepBytes: number) {
    this.#cache = cache;
    this.#keepBytes = Math.min(keepBytes, cache.quotaBytes);
  }

  get quotaBytes(): number {
    return this.#cache.quotaBytes;
  }

  /** Neither used nor held. */
  get freeBytes(): number {
    return this.#cache.quotaBytes - this.#cache.usedBytes - this.#heldBytes();
  }

  join(tenant: CacheTenant): void {
    this.#held.set(tenant, 0);
  }

  leave(tenant: CacheTenant): void {
    this.#held.delete(tenant);
    this.#waiting.delete(tenant);
    this.#kept.delete(tenant);
    this.#tellWaiting();
  }

  /** Holds room for a piece to be begun. False: there is none now; room for `hopedBytes` is made where that is possible, and told. */
  hold(tenant: CacheTenant, bytes: number, hopedBytes: number): boolean {
    const isFair = this.#bytesOf(tenant) + bytes <= this.#fairBytes() || !this.#smallerWait(tenant);
    if (isFair && bytes <= this.freeBytes) {
      this.#held.set(tenant, (this.#held.get(tenant) ?? 0) + bytes);
      this.#waiting.delete(tenant);
      return true;
    }
    this.#waiting.add(tenant);
    if (!this.#isMakingRoom) void this.#makeRoom(tenant, Math.max(bytes, hopedBytes));
    return false;
  }

  /** The piece is stored, and counted there; or it is not fetched after all. */
  release(tenant: CacheTenant, bytes: number): void {
    const held = this.#held.get(tenant);
    if (held !== undefined) this.#held.set(tenant, held - bytes);
  }

  /** A tenant has all that it needs for now. */
  content(tenant: CacheTenant): void {
    this.#waiting.delete(tenant);
  }

  /** Takes a whole share of `bytes` into what may be kept; false when that is full. */
  keep(tenant: CacheTenant, bytes: number): boolean {
    if (this.#kept.has(tenant)) return true;
    let kept = 0;
    for (const other of this.#kept.values()) kept += other;
    if (kept + bytes > this.#keepBytes) return false;
    this.#kept.set(tenant, bytes);
    return true;
  }

  keepNoMore(tenant: CacheTenant): void {
    this.#kept.delete(tenant);
  }

  async #makeRoom(asker: CacheTenant, bytes: number): Promise<void> {
    this.#isMakingRoom = true;
    const freeBefore = this.freeBytes;
    // What nobody is connected for goes first.
    await this.#cache.makeRoom(bytes + this.#heldBytes());
    const lacking = bytes - this.freeBytes;
    if (lacking > 0 && this.#held.has(asker)) await this.#evict(asker, lacking);
    this.#isMakingRoom = false;
    // Otherwise everybody asks again when something has changed, or in the next second.
    if (this.freeBytes > freeBefore) this.#tellWaiting();
  }

  async #evict(asker: CacheTenant, bytes: number): Promise<void> {
    const occupants = [...this.#held.keys()].map((tenant) => {
      return { tenant, bytes: this.#bytesOf(tenant), victims: tenant.victims() };
    });
    const chosen = chooseVictims({ asker, bytes, quotaBytes: this.#cache.quotaBytes, occupants });
    await Promise.all(chosen.map(({ tenant, piece }) => tenant.evict(piece)));
  }

  #tellWaiting(): void {
    for (const tenant of [...this.#waiting]) tenant.onRoom();
  }

  /** True while somebody else waits who has less than its part. Of two that have more, neither holds up the other. */
  #smallerWait(tenant: CacheTenant): boolean {
    return [...this.#waiting].some((other) => other !== tenant && this.#bytesOf(other) < this.#fairBytes());
  }

  #fairBytes(): number {
    return this.#cache.quotaBytes * FAIR_PART;
  }

  #bytesOf(tenant: CacheTenant): number {
    return tenant.heldBytes + (this.#held.get(tenant) ?? 0);
  }

  #heldBytes(): number {
    let held = 0;
    for (const bytes of this.#held.values()) held += bytes;
    return held;
  }
}
