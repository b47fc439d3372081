import { join } from "node:path";
import { ShoalError } from "@shoal/peer-core";
import type { FileLayout, Metainfo } from "@shoal/peer-core/torrent";
import type { ConfirmedClaims } from "./confirm-claims.js";
import type { PartFiles } from "./part-files.js";
import { isTaken } from "./place-target.js";
import { CLAIM } from "./recovered-state.js";
import { componentsOf, type TargetPaths } from "./target-paths.js";

/** What was found when all that is stored of a share was read and hashed again. */
export interface RecheckReport {
  /** Where it was looked for. */
  readonly path: string;
  /** It had its final name. */
  readonly isPlaced: boolean;
  /** Pieces that were taken to be here, and bytes in them. */
  readonly pieces: number;
  readonly bytes: number;
  /** Those of them that are not what they should be. */
  readonly wrongPieces: number;
  readonly wrongBytes: number;
  /** Pieces that are right. */
  readonly rightPieces: number;
  /** Files that are missing or of another length than they should have. */
  readonly misshapen: readonly number[];
  /** Nothing that is wanted is missing or wrong. */
  readonly isWhole: boolean;
}

interface Checked {
  readonly metainfo: Metainfo;
  readonly layout: FileLayout;
  readonly files: PartFiles;
  readonly paths: TargetPaths;
}

/** Counts what was claimed (one entry per piece, 0 where nothing was) and turned out otherwise, among what is wanted. */
export async function reportRecheck(
  claimed: Uint8Array,
  { claims }: ConfirmedClaims,
  { metainfo, layout, files, paths }: Checked,
): Promise<RecheckReport> {
  const { geometry } = metainfo;
  const count = { pieces: 0, bytes: 0, wrongPieces: 0, wrongBytes: 0, rightPieces: 0 };
  let isMissing = false;
  for (const piece of geometry.pieces()) {
    const size = geometry.pieceSize(piece);
    if (!layout.isWanted(geometry.pieceOffset(piece), size)) continue;
    const isRight = claims[piece] !== CLAIM.none;
    isMissing ||= !isRight;
    if (isRight) count.rightPieces++;
    if (claimed[piece] === CLAIM.none) continue;
    count.pieces++;
    count.bytes += size;
    if (isRight) continue;
    count.wrongPieces++;
    count.wrongBytes += size;
  }
  const misshapen: number[] = [];
  for (const file of metainfo.files.keys()) {
    if (layout.isStored(file) && (await files.stampOf(file)) === undefined) misshapen.push(file);
  }
  const isPlaced = await isTaken(paths.finalPath);
  const path = isPlaced ? paths.finalPath : paths.partPath;
  return { ...count, path, isPlaced, misshapen, isWhole: !isMissing && misshapen.length === 0 };
}

/** Rejects with ShoalError "exists" what may as well be something else of the same name. */
export function assertRecognized({ rightPieces, isWhole, path }: RecheckReport): void {
  if (rightPieces > 0 || isWhole) return;
  throw new ShoalError(
    "exists",
    `${path} exists, and nothing in it is of this share: it is left as it is.\nMove it away, or --overwrite it.`,
  );
}

/**
 * Rejects with ShoalError "exists" when a folder that is to be checked holds files of the share that are not selected: an
 * unfinished download has none, and they would be removed with it.
 */
export async function assertNoOthers(metainfo: Metainfo, paths: TargetPaths, layout: FileLayout): Promise<void> {
  for (const [file, entry] of metainfo.files.entries()) {
    if (entry.padding || layout.isStored(file)) continue;
    const path = join(paths.finalPath, ...componentsOf(metainfo, file));
    if (!(await isTaken(path))) continue;
    throw new ShoalError("exists", `${path} is there, too, and was not selected.\nCheck all of it, without --select.`);
  }
}
