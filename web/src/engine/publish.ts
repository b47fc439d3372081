import { isShoalError, type Metainfo } from "@shoal/peer-core/torrent";
import type { HubCatalogue } from "./hub-catalogue.js";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Publishes a share, again and again while the hub is away or busy. Resolves to the token that withdraws it; undefined
 * when the hub knew it already. Rejects with ShoalError "tracker" when the hub refuses it for good, and when `signal`
 * fires.
 */
export async function publishUntilHeard(
  catalogue: Pick<HubCatalogue, "publish">,
  metainfo: Metainfo,
  isListed: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)) {
    try {
      return await catalogue.publish(metainfo, isListed, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isShoalError(error, "tracker") || error.retryAfterMs === Infinity) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    signal.throwIfAborted();
  }
}
