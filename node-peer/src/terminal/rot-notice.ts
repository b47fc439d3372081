import type { SessionEvent, TorrentSession } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import type { Output } from "./output.js";

/** Warnings of pieces that are dropped, one by one. */
const ROTTEN: ReadonlySet<string> = new Set(["bad-piece", "read-failed"]);

/** Tells, with the first piece of a share that is dropped for good, what that means and, by `advice`, what to do about it. */
export function noteRot(event: SessionEvent, session: TorrentSession, advice: string, output: Output): void {
  if (event.kind !== "warning" || !ROTTEN.has(event.code)) return;
  const { infoHash, metainfo } = session;
  const name = displayName(metainfo?.name ?? infoHash);
  const what = `${name}: what has changed is no longer offered, the rest is. ${advice}`;
  output.warnOnce(`rotten ${infoHash}`, "rotten", what);
}
