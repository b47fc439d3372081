import type { Database } from "./database.js";

/** One tab's hold on one share. */
export interface Claim {
  /** Harmless when called again. */
  release(): void;
}

/** Says which of several tabs works on a share: two would write over each other's files. */
export interface ShareClaims {
  /** Takes the share unless another tab has it, or it is taken here; undefined then. */
  take(infoHash: string): Promise<Claim | undefined>;
  /** Whether another tab, or this one, has it. */
  isTaken(infoHash: string): Promise<boolean>;
  /** Waits for its turn. Rejects when `signal` fires. */
  wait(infoHash: string, signal: AbortSignal): Promise<Claim>;
}

const PREFIX = "shoal ";

/** Claims by Web Locks: the browser lets go of them when a tab ends, however it does. */
export function createLockClaims(locks: LockManager): ShareClaims {
  const request = (infoHash: string, options: LockOptions): Promise<Claim | undefined> =>
    new Promise((resolve, reject) => {
      const held = locks.request(`${PREFIX}${infoHash}`, options, (lock) => {
        if (lock === null) {
          resolve(undefined);
          return undefined;
        }
        return new Promise<void>((release) => resolve({ release }));
      });
      held.catch(reject);
    });
  return {
    take: (infoHash) => request(infoHash, { ifAvailable: true }),
    isTaken: async (infoHash) => {
      const { held = [] } = await locks.query();
      return held.some(({ name }) => name === `${PREFIX}${infoHash}`);
    },
    wait: async (infoHash, signal) => {
      const claim = await request(infoHash, { signal });
      if (claim === undefined) throw new DOMException("The lock was not granted", "AbortError");
      return claim;
    },
  };
}

/** A tab that ends without a word is out of its lease after this long; one that works renews it three times as often. */
const LEASE_MS = 9_000;
const RENEW_MS = LEASE_MS / 3;

interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

/** Claims by leases in the database, for pages that have no locks (plain http). `owner`: this tab's, nobody else's. */
export function createLeaseClaims(database: Database, owner: string): ShareClaims {
  const claims: ShareClaims = {
    take: async (infoHash) => {
      const lease = await database.change("leases", [infoHash], (value) => {
        const isFree = !isLease(value) || value.untilMs < Date.now();
        return isFree ? { owner, untilMs: Date.now() + LEASE_MS } : undefined;
      });
      return lease === undefined ? undefined : keepLease(database, infoHash, owner);
    },
    isTaken: async (infoHash) => {
      const lease = await database.get("leases", [infoHash]);
      return isLease(lease) && lease.untilMs >= Date.now();
    },
    wait: async (infoHash, signal) => {
      for (;;) {
        signal.throwIfAborted();
        const claim = await claims.take(infoHash);
        if (claim !== undefined) return claim;
        await new Promise((resolve) => setTimeout(resolve, RENEW_MS));
      }
    },
  };
  return claims;
}

function keepLease(database: Database, infoHash: string, owner: string): Claim {
  /** Only as long as it is ours: a tab that was frozen for long may have lost it. */
  const extend = (untilMs: number): void => {
    const change = (value: unknown): Lease | undefined =>
      isLease(value) && value.owner === owner ? { owner, untilMs } : undefined;
    void database.change("leases", [infoHash], change).catch(() => undefined);
  };
  const renewing = setInterval(() => extend(Date.now() + LEASE_MS), RENEW_MS);
  let isHeld = true;
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      clearInterval(renewing);
      extend(0);
    },
  };
}

function isLease(value: unknown): value is Lease {
  return typeof value === "object" && value !== null && typeof (value as Partial<Lease>).untilMs === "number";
}
