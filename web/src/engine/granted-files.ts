import { openDatabase } from "./database.js";
import type { PickedFile } from "./messages.js";
import { RememberedWork } from "./remembered-work.js";

/** Asking again for what the person once gave: a browser's own addition to the standard. */
interface GrantableHandle {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

/**
 * The files of a share that the browser remembers (`canGrant`), once the person has agreed again; undefined when they
 * have not. Wants a click: it is the page that asks, not the engine. Rejects when a file is not there any more.
 */
export async function grantedFiles(infoHash: string): Promise<readonly PickedFile[] | undefined> {
  const handles = await rememberedHandles(infoHash);
  if (handles.length === 0) return undefined;
  for (const handle of handles) {
    const answer = await (handle as GrantableHandle).requestPermission?.({ mode: "read" });
    if (answer !== undefined && answer !== "granted") return undefined;
  }
  const [only] = handles;
  // One folder is the share itself, and paths are those below it; several things are in a folder that has no handle.
  if (handles.length === 1 && only !== undefined && isFolder(only)) return await filesIn(only, []);
  const found = await Promise.all(handles.map((handle) => filesOf(handle, [])));
  return found.flat();
}

async function rememberedHandles(infoHash: string): Promise<readonly FileSystemHandle[]> {
  const database = await openDatabase();
  try {
    const share = await new RememberedWork(database).get("share", infoHash);
    return share?.kind === "share" ? share.handles : [];
  } finally {
    database.close();
  }
}

async function filesOf(handle: FileSystemHandle, parents: readonly string[]): Promise<PickedFile[]> {
  const path = [...parents, handle.name];
  if (isFolder(handle)) return await filesIn(handle, path);
  return [{ path, file: await (handle as FileSystemFileHandle).getFile() }];
}

async function filesIn(folder: FileSystemDirectoryHandle, path: readonly string[]): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  // The types of the page's language version leave the iteration out.
  const entries = (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
  for await (const handle of entries) found.push(...(await filesOf(handle, path)));
  return found;
}

function isFolder(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === "directory";
}
