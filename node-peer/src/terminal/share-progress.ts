import type { SwarmView, TorrentSession } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import type { ProgressSource } from "./progress.js";
import { formatCount, formatDuration, formatSize } from "../units.js";

/** The progress of one share: "song.flac  42%  ↓ 12.3 MiB/s  ETA 12s  3 peers". */
export function shareProgress(session: TorrentSession, name: string): ProgressSource {
  return {
    line: () => shareLine(session.view, name),
    event: () => {
      const view = session.view;
      const { infoHash } = session;
      const { downloaded, uploaded } = view;
      const etaSeconds = etaOf(view) ?? null;
      const [down, up] = [Math.round(view.downBytesPerSecond), Math.round(view.upBytesPerSecond)];
      return {
        event: "progress",
        infoHash,
        done: view.doneBytes,
        size: view.chosenBytes,
        down,
        up,
        downloaded,
        uploaded,
        peers: view.peers.length,
        etaSeconds,
      };
    },
  };
}

/** One line on how a share stands. */
export function shareLine(view: SwarmView, name: string): string {
  const parts = [displayName(name), stateText(view)];
  const eta = etaOf(view);
  if (view.state === "downloading") parts.push(`↓ ${formatSize(view.downBytesPerSecond)}/s`);
  if (view.state === "downloading" && eta !== undefined) parts.push(`ETA ${formatDuration(eta * 1000)}`);
  if (view.upBytesPerSecond > 0 || view.state === "seeding") parts.push(`↑ ${formatSize(view.upBytesPerSecond)}/s`);
  if (view.state === "seeding") parts.push(`${formatSize(view.uploaded)} sent`);
  parts.push(formatCount(view.peers.length, "peer"));
  return parts.join("  ");
}

function etaOf(view: SwarmView): number | undefined {
  return view.etaSeconds === undefined || !Number.isFinite(view.etaSeconds) ? undefined : Math.ceil(view.etaSeconds);
}

function stateText(view: SwarmView): string {
  if (view.state === "metadata") return "looking for somebody who has it";
  return view.state === "downloading" ? `${percent(view)}%` : view.state;
}

/** Whole per cent, 100 only when it is all there. */
function percent(view: SwarmView): number {
  return view.chosenBytes === 0 ? 0 : Math.floor((100 * view.doneBytes) / view.chosenBytes);
}
