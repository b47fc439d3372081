import { ShoalError } from "@shoal/peer-core";
import type { FileLayout, Metainfo } from "@shoal/peer-core/torrent";
import { assertReplaceable, isTaken, type ExistingTarget } from "./place-target.js";
import { isPlacedAlone, logShareOf, settlePlaced } from "./placed-target.js";
import { assertNoOthers } from "./recheck-report.js";
import { CLAIM, recoverState, type RecoveredState } from "./recovered-state.js";
import { readStateLog } from "./state-log.js";
import type { TargetPaths } from "./target-paths.js";

/** How a download is opened, as in `FsPieceStoreOptions`. */
export interface TargetUse {
  readonly metainfo: Metainfo;
  readonly existing?: ExistingTarget | undefined;
  readonly recheck?: boolean | undefined;
}

/** Where a download stands: "placed" under its final name, where it is to be checked, or not yet. */
export type Found = "placed" | "unplaced";

/** Looks where it is, and whether it may be gone on with. Rejects with ShoalError "exists". */
export async function findTarget(options: TargetUse, paths: TargetPaths, layout: FileLayout): Promise<Found> {
  const { metainfo, existing = "refuse" } = options;
  if (options.recheck === true) {
    const isPlaced = (await settlePlaced(metainfo, paths, "overwrite")) || (await isPlacedAlone(paths));
    if (!isPlaced) return "unplaced";
    await assertReplaceable(paths, metainfo, "overwrite");
    await assertNoOthers(metainfo, paths, layout);
    return "placed";
  }
  const isInDoubt = await settlePlaced(metainfo, paths, existing);
  await assertReplaceable(paths, metainfo, existing);
  return isInDoubt ? "placed" : "unplaced";
}

/** What is known of a download before it is checked. */
export interface Recovered {
  readonly state: RecoveredState;
  /** Nothing is there yet. */
  readonly isNew: boolean;
  readonly hasRecord: boolean;
  /** What was taken to be here before it is checked again: one entry per piece, 0 where nothing was. */
  readonly claimed: Uint8Array;
}

/** Reads what is recorded of it. Rejects with ShoalError "exists" for what is nobody's unfinished download. */
export async function recoverTarget(
  { metainfo, existing = "refuse", recheck = false }: TargetUse,
  paths: TargetPaths,
  { bootId, found }: { readonly bootId: Uint8Array | undefined; readonly found: Found },
): Promise<Recovered> {
  const share = logShareOf(metainfo);
  const bytes = await readStateLog(paths.statePath);
  const recorded = bytes === undefined ? undefined : recoverState(bytes, share, bootId);
  const isThere = recorded !== undefined || found === "placed" || (await isTaken(paths.partPath));
  if (bytes === undefined && isThere && existing === "refuse" && !recheck) {
    throw new ShoalError(
      "exists",
      `${paths.partPath} exists and is not an unfinished download of this share; move it away`,
    );
  }
  const all = new Uint8Array(share.pieceCount).fill(isThere ? CLAIM.doubtful : CLAIM.none);
  const unknown = { claims: all, stamps: new Map(), wanted: new Uint8Array(share.fileCount), isOfThisBoot: false };
  const state = recorded ?? unknown;
  return {
    state: recheck ? { ...state, claims: all } : state,
    isNew: !isThere,
    hasRecord: recorded !== undefined,
    claimed: state.claims,
  };
}
