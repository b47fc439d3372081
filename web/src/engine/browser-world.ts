import type { Dialer, Runtime, TrackerChannel } from "@shoal/peer-core";
import {
  createCryptoRandom,
  createSha1Hasher,
  createSystemClock,
  createWebSocketDialer,
  createWebSocketTrackerChannel,
} from "@shoal/peer-core/platform";
import { openDatabase } from "./database.js";
import { IdbPlace } from "./idb-piece-store.js";
import type { StoragePlace } from "./kept-store.js";
import type { Abilities } from "./messages.js";
import { openOpfs } from "./opfs-place.js";
import { RememberedWork } from "./remembered-work.js";
import { startStorageThread } from "./storage-thread.js";
import { createLeaseClaims, createLockClaims, type ShareClaims } from "./share-claims.js";
import { ThreadedPlace } from "./threaded-place.js";

/** What the engine takes from the browser. */
export interface EngineWorld {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly openTracker: (url: string) => TrackerChannel | undefined;
  readonly place: StoragePlace;
  readonly remembered: RememberedWork;
  readonly claims: ShareClaims;
  readonly abilities: Abilities;
}

/** Finds out what this browser has at this address, and takes the next best of what it lacks. Rejects without a database. */
export async function openBrowserWorld(): Promise<EngineWorld> {
  const clock = createSystemClock();
  const random = createCryptoRandom();
  const [database, opfs, hasher] = await Promise.all([openDatabase(), openOpfs(), createSha1Hasher()]);
  const locks = globalThis.navigator.locks as LockManager | undefined;
  const owner = Array.from(random.bytes(16), (byte) => byte.toString(16)).join("-");
  return {
    runtime: { clock, random, hasher },
    dialer: createWebSocketDialer(),
    openTracker: (url) => (/^wss?:/.test(url) ? createWebSocketTrackerChannel(url, { clock }) : undefined),
    place: opfs === undefined ? new IdbPlace(database) : new ThreadedPlace(opfs, startStorageThread),
    remembered: new RememberedWork(database),
    claims: locks === undefined ? createLeaseClaims(database, owner) : createLockClaims(locks),
    abilities: {
      isSecure: globalThis.isSecureContext,
      hasOpfs: opfs !== undefined,
      hasLocks: locks !== undefined,
      hasWebCrypto: (globalThis.crypto.subtle as SubtleCrypto | undefined) !== undefined,
    },
  };
}
