import type { BigIntStats } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { isShoalError, ShoalError } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { readBootId } from "./boot-id.js";
import { diskError } from "./disk-error.js";
import type { ExistingTarget } from "./place-target.js";
import { CLAIM, recoverState } from "./recovered-state.js";
import { readStateLog } from "./state-log.js";
import { TargetLock } from "./target-lock.js";
import { targetPaths, type TargetPaths } from "./target-paths.js";

/**
 * Looks after a target that was given its name while its record was not removed yet: the process, or the machine, ended
 * in between. Resolves to true when it is in doubt, which is when the machine did, and may be replaced: then it is to be
 * checked under its final name, and `takeBack` makes it an unfinished download again. Rejects with ShoalError "exists"
 * where it may not.
 */
export async function settlePlaced(metainfo: Metainfo, paths: TargetPaths, existing: ExistingTarget): Promise<boolean> {
  const placed = await lookAtPlaced(paths);
  if (placed === undefined) return false;
  if (await isRecordDoubtful(metainfo, paths)) {
    // Under both names: it had just got the second.
    if (placed.hasOldName) {
      await rm(paths.finalPath, { force: true });
      return false;
    }
    if (existing === "refuse") throw new ShoalError("exists", inDoubt(paths.finalPath));
    return true;
  }
  if (placed.hasOldName) await rm(paths.partPath, { force: true });
  await rm(paths.statePath, { force: true });
  await rm(paths.unwantedPath, { force: true });
  return false;
}

/** Gives a target in doubt the name of an unfinished download. Rejects with ShoalError "disk". */
export async function takeBack(paths: TargetPaths): Promise<void> {
  try {
    await rename(paths.finalPath, paths.partPath);
  } catch (error) {
    throw diskError(error, `rename ${paths.finalPath} to`, paths.partPath);
  }
}

/** Why a target that exists is not to be trusted, in a sentence; undefined when there is no reason. */
export async function doubtOfTarget(metainfo: Metainfo, directory: string): Promise<string | undefined> {
  const paths = targetPaths(metainfo, directory);
  const isDoubtful = (await lookAtPlaced(paths)) !== undefined && (await isRecordDoubtful(metainfo, paths));
  return isDoubtful ? inDoubt(paths.finalPath) : undefined;
}

/**
 * Removes what was left beside a target by a process that ended between giving it its name and removing its record. Nothing
 * happens while another process is at it, or where the target is in doubt.
 */
export async function tidyTarget(metainfo: Metainfo, directory: string): Promise<void> {
  const paths = targetPaths(metainfo, directory);
  if (!(await isAny([paths.statePath, paths.lockPath]))) return;
  try {
    const lock = await TargetLock.take(paths.lockPath);
    await settlePlaced(metainfo, paths, "refuse").finally(() => lock.release());
  } catch (error) {
    if (!isShoalError(error)) throw error;
  }
}

/** True when there is something under the final name, and no unfinished download beside it. */
export async function isPlacedAlone(paths: TargetPaths): Promise<boolean> {
  return (await lookAtPlaced(paths)) !== undefined;
}

/** What a state log is of. */
export function logShareOf({ infoHash, geometry, files }: Metainfo) {
  return { infoHash, pieceCount: geometry.pieceCount, fileCount: files.length };
}

/** Undefined unless the final name is taken, and the one of an unfinished download is not, but by the same file. */
async function lookAtPlaced(paths: TargetPaths): Promise<{ readonly hasOldName: boolean } | undefined> {
  const final = await statsOf(paths.finalPath);
  if (final === undefined) return undefined;
  const part = await statsOf(paths.partPath);
  if (part !== undefined && (part.ino !== final.ino || part.dev !== final.dev)) return undefined;
  return { hasOldName: part?.isFile() === true };
}

async function isRecordDoubtful(metainfo: Metainfo, paths: TargetPaths): Promise<boolean> {
  const bytes = await readStateLog(paths.statePath);
  if (bytes === undefined) return false;
  const state = recoverState(bytes, logShareOf(metainfo), await readBootId());
  if (state === undefined || state.isOfThisBoot) return false;
  return state.claims.some((claim) => claim !== CLAIM.synced);
}

async function isAny(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => statsOf(path)));
  return found.some((stats) => stats !== undefined);
}

async function statsOf(path: string): Promise<BigIntStats | undefined> {
  return await stat(path, { bigint: true }).catch(() => undefined);
}

function inDoubt(path: string): string {
  return `${path} exists, but the machine stopped before all of it was on the disk: it may be damaged`;
}
