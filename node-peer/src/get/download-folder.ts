import type { Hasher } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DownloadStore } from "./download-store.js";
import { StdoutStore } from "./stdout-store.js";
import type { CheckedWriter } from "../storage/checked-writer.js";
import { verifierOf } from "../storage/piece-proof.js";
import type { RecheckReport } from "../storage/recheck-report.js";
import { openFsPieceStore } from "../storage/open-fs-piece-store.js";

/** Follows a check of what is stored. */
export interface RecheckListener {
  onChecked(checkedBytes: number, totalBytes: number): void;
  onRechecked(report: RecheckReport): void;
}

export interface DownloadFolderOptions {
  readonly directory: string;
  readonly overwrite: boolean;
  /** Told how everything that is there is read and hashed again; undefined: what is recorded is believed. */
  readonly recheck?: RecheckListener | undefined;
  /** Indexes of the files to store; all when undefined. */
  readonly select: readonly number[] | undefined;
  readonly hasher: Hasher;
  readonly checkedWriter: CheckedWriter | undefined;
  readonly signal: AbortSignal;
}

/** Opens DIRECTORY/NAME, new or begun earlier. Rejects as `openFsPieceStore` does. */
export async function openDownloadFolder(metainfo: Metainfo, options: DownloadFolderOptions): Promise<DownloadStore> {
  return await openFsPieceStore({
    metainfo,
    checkedWriter: options.checkedWriter,
    directory: options.directory,
    selected: options.select && new Set(options.select),
    existing: options.overwrite ? "overwrite" : "refuse",
    verifyPiece: verifierOf(metainfo, options.hasher),
    recheck: options.recheck !== undefined,
    onChecked: (checkedBytes, totalBytes) => options.recheck?.onChecked(checkedBytes, totalBytes),
    onRechecked: (report) => options.recheck?.onRechecked(report),
    signal: options.signal,
  });
}

/** Opens a store that passes a single file on to `out` and keeps it in a temporary folder meanwhile. */
export async function openStdoutStore(
  metainfo: Metainfo,
  options: Pick<DownloadFolderOptions, "hasher" | "signal">,
  out: (bytes: Uint8Array) => Promise<void>,
): Promise<DownloadStore> {
  const directory = await mkdtemp(join(tmpdir(), "shoal-"));
  const removeFolder = () => rm(directory, { recursive: true, force: true });
  try {
    const inner = await openDownloadFolder(metainfo, {
      ...options,
      directory,
      overwrite: false,
      select: undefined,
      checkedWriter: undefined,
    });
    return new StdoutStore({ metainfo, inner, out, onClosed: removeFolder });
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
