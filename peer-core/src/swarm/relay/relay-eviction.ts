/** A piece in a relay's cache that may be given up. */
export interface Victim {
  readonly piece: number;
  readonly bytes: number;
  /** 0: nobody connected wants it; 1: all who want it have it; from 2 on somebody waits for it, the higher the faster they take. */
  readonly rank: number;
  /** When it was last given to somebody, or came. */
  readonly servedAt: number;
}

/** One share's part of the cache. */
export interface Occupant<T> {
  readonly tenant: T;
  /** Bytes kept, and those for which room is held. */
  readonly bytes: number;
  readonly victims: readonly Victim[];
}

export interface EvictionView<T> {
  /** The share that wants room. */
  readonly asker: T;
  /** Bytes to be made free. */
  readonly bytes: number;
  readonly quotaBytes: number;
  readonly occupants: readonly Occupant<T>[];
}

/** Of the cache for one share, while others want room. */
export const FAIR_PART = 0.25;

/**
 * Which pieces make room: first those that nobody wants, then those that all who want them have, of any share; then those
 * that only slow peers wait for, and of these the ones given to somebody longest ago, of the asker's own share and, while
 * that has less than a quarter of the cache, of shares that have more.
 */
export function chooseVictims<T>(view: EvictionView<T>): { readonly tenant: T; readonly piece: number }[] {
  const fairBytes = view.quotaBytes * FAIR_PART;
  const bytesOf = new Map(view.occupants.map(({ tenant, bytes }) => [tenant, bytes]));
  const isLarge = (tenant: T) => (bytesOf.get(tenant) ?? 0) > fairBytes;
  const askerIsLarge = isLarge(view.asker);
  const ranked = view.occupants
    .flatMap(({ tenant, victims }) => victims.map((victim) => ({ tenant, ...victim })))
    .filter(({ tenant, rank }) => rank < 2 || tenant === view.asker || (!askerIsLarge && isLarge(tenant)))
    .sort((a, b) => a.rank - b.rank || a.servedAt - b.servedAt || a.piece - b.piece);
  const chosen: { tenant: T; piece: number }[] = [];
  let freed = 0;
  for (const { tenant, piece, bytes, rank } of ranked) {
    if (freed >= view.bytes) break;
    const left = bytesOf.get(tenant) ?? 0;
    // Others give up what is waited for only down to their fair part.
    if (rank >= 2 && tenant !== view.asker && left - bytes < fairBytes) continue;
    bytesOf.set(tenant, left - bytes);
    chosen.push({ tenant, piece });
    freed += bytes;
  }
  return chosen;
}
