import { ShoalError, type Client, type SwarmView } from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { displayName, type Metainfo } from "@shoal/peer-core/torrent";
import type { Target } from "./target.js";
import { formatDuration } from "../units.js";

/** How long peers get to connect once a tracker has named them. */
const PEERS_MS = 1_500;

/** What a visit to a swarm brings to light. */
export interface ShareLook {
  readonly metainfo: Metainfo;
  readonly view: SwarmView;
}

/**
 * Joins a swarm without wanting anything, to see its metainfo and its peers. Throws ShoalError("no-peers") when nobody
 * describes the share within `timeoutMs`, "aborted". A share whose metainfo is known is described without peers, too.
 */
export async function lookAtShare(
  client: Client,
  target: Target,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<ShareLook> {
  const session = client.add({
    source: target.metainfo ?? target.infoHash,
    openStore: (metainfo) => Promise.resolve(createMemoryPieceStore({ pieceCount: metainfo.geometry.pieceCount })),
    select: () => [],
    trackers: [target.trackers],
    endpoints: target.endpoints,
  });
  try {
    const deadline = performance.now() + (target.metainfo ? PEERS_MS : options.timeoutMs);
    await until(() => session.metainfo !== undefined || performance.now() > deadline, options.signal);
    const { metainfo } = session;
    if (!metainfo) {
      const name = displayName(target.name ?? target.infoHash);
      throw new ShoalError(
        "no-peers",
        `Nobody described ${name} within ${formatDuration(options.timeoutMs)}: its info-hash may be wrong, or nobody shares it now.`,
      );
    }
    const end = performance.now() + PEERS_MS;
    const isSettled = () => session.view.peers.length > 0 && session.view.candidates === 0;
    await until(() => isSettled() || performance.now() > end, options.signal);
    return { metainfo, view: session.view };
  } finally {
    await session.stop();
  }
}

/** Looks every 50 ms whether `condition` holds. Throws ShoalError("aborted"). */
async function until(condition: () => boolean, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      if (!condition() && !signal.aborted) return;
      clearInterval(timer);
      if (signal.aborted) reject(new ShoalError("aborted", "Interrupted"));
      else resolve();
    }, 50);
  });
}
