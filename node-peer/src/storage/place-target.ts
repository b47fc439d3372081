import { link, lstat, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ShoalError } from "@shoal/peer-core";
import type { FileLayout, Metainfo } from "@shoal/peer-core/torrent";
import { diskError, errnoOf } from "./disk-error.js";
import { syncFolder } from "./state-log.js";
import { TargetFolder } from "./target-folder.js";
import { componentsOf, type TargetPaths } from "./target-paths.js";

/** What happens when something of the final name is there already. */
export type ExistingTarget = "refuse" | "overwrite";

const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"]);
const TAKEN = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR", "EISDIR", "EPERM"]);

/** True when there is something at `path`, a dangling link included. Rejects with ShoalError "disk" when nobody can tell. */
export async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError(error, "look at", path);
  }
}

/**
 * Rejects with ShoalError "exists" when the final name is taken by something that may not be replaced: anything at all
 * unless overwriting is allowed, and even then a folder in a file's place or the other way round.
 */
export async function assertReplaceable(
  paths: TargetPaths,
  metainfo: Metainfo,
  existing: ExistingTarget,
): Promise<void> {
  if (!(await isTaken(paths.finalPath))) return;
  if (existing === "refuse") throw exists(paths.finalPath);
  const stats = await lstat(paths.finalPath);
  if (stats.isDirectory() !== metainfo.isMultiFile) {
    const [is, comes] = metainfo.isMultiFile ? ["no folder", "a folder"] : ["a folder", "a file"];
    throw new ShoalError("exists", `${paths.finalPath} is ${is} and is not replaced by ${comes}; move it away`);
  }
}

/**
 * Gives a finished download its final name in one step, so that nothing half-written is ever seen under it and, unless
 * overwriting is allowed, nothing is replaced: a file is hard-linked (which fails when the name is taken) and then loses
 * its old name; a folder is renamed (which fails unless the name is free or an empty folder). Only where hard links do
 * not exist (FAT) a file that appears between a look and the rename is lost.
 */
export async function placeTarget(
  paths: TargetPaths,
  share: { readonly metainfo: Metainfo; readonly layout: FileLayout },
  existing: ExistingTarget,
): Promise<void> {
  const { partPath, finalPath } = paths;
  try {
    if (!share.metainfo.isMultiFile) await placeFile(partPath, finalPath, existing);
    else await placeFolder(paths, share, existing);
  } catch (error) {
    throw diskError(error, `rename ${partPath} to`, finalPath);
  }
  await syncFolder(paths.directory);
}

/** Removes the stored files of an unfinished folder share that are not selected (they were in an earlier run). */
export async function removeUnselected(root: string, metainfo: Metainfo, layout: FileLayout): Promise<void> {
  const folders = new Set<string>();
  const present = await listFiles(root);
  for (const [file, entry] of metainfo.files.entries()) {
    const path = join(root, ...entry.path);
    if (entry.padding || layout.isStored(file) || !present.has(path)) continue;
    await unlink(path);
    for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) folders.add(folder);
  }
  // Deepest first; one that is not empty stays.
  const deepestFirst = [...folders].sort((a, b) => b.length - a.length);
  for (const folder of deepestFirst) await rmdir(folder).catch(() => undefined);
}

async function placeFile(part: string, final: string, existing: ExistingTarget): Promise<void> {
  if (existing === "overwrite") {
    await rename(part, final);
    return;
  }
  try {
    await link(part, final);
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (errno === "EEXIST" || (await isTaken(final))) throw exists(final, error);
    if (!NO_HARD_LINKS.has(errno)) throw error;
    await rename(part, final);
    return;
  }
  await unlink(part);
}

async function placeFolder(
  paths: TargetPaths,
  share: { readonly metainfo: Metainfo; readonly layout: FileLayout },
  existing: ExistingTarget,
): Promise<void> {
  try {
    await rename(paths.partPath, paths.finalPath);
  } catch (error) {
    if (!TAKEN.has(errnoOf(error) ?? "") || !(await isTaken(paths.finalPath))) throw error;
    if (existing === "refuse") throw exists(paths.finalPath, error);
    await mergeFolder(paths, share);
  }
}

/** Puts each file in its place by itself; what else is in the folder stays. */
async function mergeFolder(
  paths: TargetPaths,
  share: { readonly metainfo: Metainfo; readonly layout: FileLayout },
): Promise<void> {
  const from = new TargetFolder(paths.partPath);
  const to = new TargetFolder(paths.finalPath);
  for (const file of share.metainfo.files.keys()) {
    if (!share.layout.isStored(file)) continue;
    const components = componentsOf(share.metainfo, file);
    await to.makeFolders(components.slice(0, -1));
    await rename(from.pathOf(components), to.pathOf(components));
  }
  await to.syncChanged();
  await rm(paths.partPath, { recursive: true, force: true });
}

async function listFiles(root: string): Promise<Set<string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return new Set(entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)));
}

function exists(path: string, cause?: unknown): ShoalError {
  return new ShoalError("exists", `${path} exists already; move it away, choose another folder, or allow overwriting`, {
    cause,
  });
}
