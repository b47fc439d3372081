import type { StorageThread } from "./storage-line.js";

/** The name by which a worker knows that it is to look after storage. */
export const STORAGE_THREAD = "shoal storage";

/** Starts a worker of this one's script for storage. Throws where workers have none of their own. */
export function startStorageThread(): StorageThread {
  return new Worker(globalThis.location.href, { type: "module", name: STORAGE_THREAD });
}
