import { displayName, type Metainfo } from "@shoal/peer-core/torrent";
import type { RecheckListener } from "./download-folder.js";
import type { DownloadTools } from "./download-task.js";
import type { RecheckReport } from "../storage/recheck-report.js";
import { formatCount, formatSize } from "../units.js";

/** Shows how a check of what is stored comes along, and tells what it has found. */
export class RecheckProgress implements RecheckListener {
  readonly #metainfo: Metainfo;
  readonly #tools: DownloadTools;
  #done = 0;
  #size = 0;
  #endProgress: (() => void) | undefined;

  constructor(metainfo: Metainfo, tools: DownloadTools) {
    this.#metainfo = metainfo;
    this.#tools = tools;
  }

  onChecked(checkedBytes: number, totalBytes: number): void {
    this.#done = checkedBytes;
    this.#size = totalBytes;
    this.#endProgress ??= this.#tools.progress.add({
      line: () => `${displayName(this.#metainfo.name)}  checking ${this.#percent()}% of ${formatSize(this.#size)}`,
      event: () => ({
        event: "checking",
        infoHash: this.#metainfo.infoHash,
        done: this.#done,
        size: this.#size,
      }),
    });
  }

  onRechecked(report: RecheckReport): void {
    this.end();
    const { path, pieces, wrongPieces, wrongBytes } = report;
    const { infoHash } = this.#metainfo;
    this.#tools.output.event({ event: "checked", infoHash, path, pieces, wrongPieces, wrongBytes });
    for (const line of sayRecheck(report)) this.#tools.output.note(line);
  }

  /** Nothing is checked any more. */
  end(): void {
    this.#endProgress?.();
    this.#endProgress = undefined;
  }

  #percent(): number {
    return this.#size === 0 ? 100 : Math.floor((100 * this.#done) / this.#size);
  }
}

/** What was found, in one or two lines. */
function sayRecheck({ path, pieces, bytes, wrongPieces, wrongBytes, ...of }: RecheckReport): string[] {
  const name = displayName(path);
  if (wrongPieces > 0) {
    const wrong = `${wrongPieces} of ${formatCount(pieces, "piece")} wrong or missing (${formatSize(wrongBytes)} of ${formatSize(bytes)})`;
    return [
      `${name}: ${wrong}. Only that is fetched${of.isPlaced ? "; until it is there it is called NAME.part" : ""}.`,
    ];
  }
  if (of.isPlaced && of.misshapen.length > 0)
    return [`${name}: every piece is right; ${formatCount(of.misshapen.length, "file")} of a wrong length is mended.`];
  return [`${name}: checked, ${formatCount(pieces, "piece")} (${formatSize(bytes)}), all of them are right.`];
}
