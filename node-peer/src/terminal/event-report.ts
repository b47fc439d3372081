import type { InfoHash, SessionEvent, ShoalError } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { trackerLabel } from "../trackers/tracker-label.js";
import type { FileDescription } from "./json-events.js";
import type { Output } from "./output.js";

/** Tells the user of what happens in one share, apart from what its command waits for. */
export function reportEvent(event: SessionEvent, infoHash: InfoHash, output: Output): void {
  switch (event.kind) {
    case "peer":
      output.event({
        event: "peer",
        infoHash,
        peerId: event.peerId,
        address: event.label,
        change: event.change,
        reason: event.reason ?? null,
      });
      output.detail(`peer ${event.label} ${event.change}${event.reason ? `: ${event.reason}` : ""}`);
      break;
    case "announced":
      output.ended(event.tracker, `The tracker ${trackerLabel(event.tracker)} answers again.`);
      output.detail(`tracker ${trackerLabel(event.tracker)}: ${event.peers} peers`);
      break;
    case "tracker-error":
      output.warnOnce(event.tracker, "tracker", trackerTrouble(event.tracker, event.error));
      break;
    case "tracker-warning":
      output.warn("tracker", `Tracker ${trackerLabel(event.tracker)} warns: ${event.message}`);
      break;
    case "warning":
      output.warn(event.code, event.message);
      break;
    default:
  }
}

/** What a tracker's failure is told as: with its name, once. */
export function trackerTrouble(url: string, error: ShoalError): string {
  const label = trackerLabel(url);
  return error.message.includes(url) || error.message.includes(label) ? error.message : `${label}: ${error.message}`;
}

/** The `metadata` event of a share. */
export function reportMetadata(metainfo: Metainfo, output: Output): void {
  const { infoHash, name, length: size, geometry } = metainfo;
  const { pieceLength, pieceCount: pieces } = geometry;
  output.event({ event: "metadata", infoHash, name, size, pieceLength, pieces, files: describeFiles(metainfo) });
}

/** The files of a share as people count them: without padding, indexes kept. */
export function describeFiles(metainfo: Metainfo): readonly FileDescription[] {
  const files = metainfo.files.map((file, index) => ({
    index,
    path: file.path.join("/"),
    size: file.length,
    padding: file.padding,
  }));
  return files.filter((file) => !file.padding).map(({ index, path, size }) => ({ index, path, size }));
}
