import type { PieceStore } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";

/** What `finish` returns for content that went to standard output. */
export const STDOUT_PATH = "-";

/** Where a download goes. */
export interface DownloadStore extends PieceStore {
  /** Gives everything its final name and returns the path; reading goes on afterwards. */
  finish(): Promise<string>;
  /** After `finish`: resolves once everything would outlive a power failure. Rejects with ShoalError "disk" or "disk-full". */
  synced(): Promise<void>;
}

export type OpenDownloadStore = (metainfo: Metainfo) => Promise<DownloadStore>;
