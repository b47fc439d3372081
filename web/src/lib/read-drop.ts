import type { PickedFile } from "../engine/messages.js";
import { MAX_PICKED_FILES } from "./picked-share.js";

/** Why what was dropped is not shared. */
export type DropTrouble = "nothing" | "too-many" | "unreadable";

export type DropAnswer =
  | { readonly kind: "files"; readonly files: readonly PickedFile[]; readonly handles: readonly FileSystemHandle[] }
  | { readonly kind: "trouble"; readonly trouble: DropTrouble };

/** What was dropped, taken while the event lasts: later the browser has forgotten it. */
export interface Dropped {
  readonly entries: readonly FileSystemEntry[];
  /** Only some browsers give them, and only to secure pages. */
  readonly handles: Promise<readonly FileSystemHandle[]>;
}

/** Folders in folders, as deep as a share's paths may be. */
const MAX_DEPTH = 32;

/** Takes the files and folders of a drop; to be called before the event handler returns or waits. */
export function takeDrop(data: DataTransfer): Dropped {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return { entries, handles: takeHandles(items) };
}

/** Reads folders to their end, `onCount` told of the files so far. Never rejects. */
export async function readDrop(dropped: Dropped, onCount: (count: number) => void): Promise<DropAnswer> {
  const files: PickedFile[] = [];
  try {
    for (const entry of dropped.entries) {
      await readEntry(entry, [], (file) => {
        if (files.push(file) > MAX_PICKED_FILES) throw new TooManyError();
        onCount(files.length);
      });
    }
  } catch (error) {
    return { kind: "trouble", trouble: error instanceof TooManyError ? "too-many" : "unreadable" };
  }
  if (files.length === 0) return { kind: "trouble", trouble: "nothing" };
  return { kind: "files", files, handles: await dropped.handles };
}

class TooManyError extends Error {}

async function readEntry(
  entry: FileSystemEntry,
  parents: readonly string[],
  add: (file: PickedFile) => void,
): Promise<void> {
  const path = [...parents, entry.name];
  if (isFile(entry)) {
    add({ path, file: await fileOf(entry) });
    return;
  }
  if (!isFolder(entry)) return;
  if (path.length > MAX_DEPTH) throw new TooManyError();
  const reader = entry.createReader();
  // A folder comes in parts (of 100 in Chromium); an empty one is the end.
  for (let part = await readPart(reader); part.length > 0; part = await readPart(reader)) {
    for (const child of part) await readEntry(child, path, add);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function readPart(reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** The library of TypeScript does not know it: Chromium has it alone. */
interface WithHandle {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

async function takeHandles(items: readonly (DataTransferItem & WithHandle)[]): Promise<readonly FileSystemHandle[]> {
  const asked = items.map((item) => item.getAsFileSystemHandle?.() ?? Promise.resolve(null));
  const answers = await Promise.allSettled(asked);
  return answers
    .map((answer) => (answer.status === "fulfilled" ? answer.value : null))
    .filter((handle) => handle !== null);
}
