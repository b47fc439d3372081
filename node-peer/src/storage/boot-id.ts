import { readFile } from "node:fs/promises";

/**
 * 16 bytes that change whenever the system starts, so that a record can tell whether the page cache it relied on still
 * exists; undefined where the system tells none (then nothing unsynced is believed).
 */
export async function readBootId(): Promise<Uint8Array | undefined> {
  try {
    const hex = (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim().replaceAll("-", "");
    return /^[0-9a-f]{32}$/.test(hex) ? new Uint8Array(Buffer.from(hex, "hex")) : undefined;
  } catch {
    return undefined;
  }
}
