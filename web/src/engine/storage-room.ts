import { ShoalError } from "@shoal/peer-core/torrent";
import type { EngineState } from "./messages.js";

/** What the browser gives this page; undefined where it does not tell (plain http). Never rejects. */
export async function storageRoom(): Promise<EngineState["storage"]> {
  try {
    const storage = globalThis.navigator.storage as StorageManager | undefined;
    if (storage === undefined) return undefined;
    const [{ usage, quota }, isKept] = await Promise.all([storage.estimate(), storage.persisted()]);
    return quota === undefined ? undefined : { usedBytes: usage ?? 0, quotaBytes: quota, isKept };
  } catch {
    return undefined;
  }
}

/** Rejects with ShoalError "disk-full" where the browser says that `bytes` more do not fit. */
export async function assertRoom(bytes: number): Promise<void> {
  const room = await storageRoom();
  if (room === undefined || bytes <= room.quotaBytes - room.usedBytes) return;
  const free = Math.max(0, room.quotaBytes - room.usedBytes);
  throw new ShoalError("disk-full", `The browser has room for ${free} bytes more, and ${bytes} are needed`);
}
