import type { ClientAddress } from "./address.js";
import { MAX_UPLOAD_BYTES, MAX_UPLOADS_PER_ADDRESS } from "./limits.js";

/** Bounds the memory for bodies that are being received: bytes in all, and uploads at once per address (not for loopback). */
export class UploadBudget {
  readonly #uploads = new Map<string, number>();
  #bytes = 0;

  /** Runs `work` with a way to claim bytes for it; undefined when the address has too many uploads under way. */
  async use<T>(from: ClientAddress, work: (claim: (bytes: number) => boolean) => Promise<T>): Promise<T | undefined> {
    const underWay = this.#uploads.get(from.group) ?? 0;
    if (!from.isExempt && underWay >= MAX_UPLOADS_PER_ADDRESS) return undefined;
    this.#uploads.set(from.group, underWay + 1);
    let claimed = 0;
    try {
      return await work((bytes) => {
        if (this.#bytes + bytes > MAX_UPLOAD_BYTES) return false;
        this.#bytes += bytes;
        claimed += bytes;
        return true;
      });
    } finally {
      this.#bytes -= claimed;
      this.#release(from.group);
    }
  }

  #release(group: string): void {
    const left = (this.#uploads.get(group) ?? 1) - 1;
    if (left === 0) this.#uploads.delete(group);
    else this.#uploads.set(group, left);
  }
}
