import { statfs } from "node:fs/promises";
import { diskError } from "../storage/disk-error.js";

/** Enough for what many people get at the same time, little beside today's disks. */
const DEFAULT_QUOTA_BYTES = 10 * 1024 ** 3;

/**
 * How much a cache in `directory`, which exists, keeps when nobody says so: 10 GiB, or half of what the disk would have free
 * without the `usedBytes` that it keeps already. Rejects with ShoalError "disk".
 */
export async function defaultQuota(directory: string, usedBytes: number): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return Math.min(DEFAULT_QUOTA_BYTES, Math.floor((bavail * bsize + usedBytes) / 2));
  } catch (error) {
    throw diskError(error, "find out how much room is left in", directory);
  }
}
