import type { PickedFile } from "../engine/messages.js";
import { texts } from "./texts.js";

/** What a person picked, as one share. */
export interface PickedShare {
  readonly name: string;
  readonly isFolder: boolean;
  readonly files: readonly PickedFile[];
}

/** Files of one share: as many as a share may have. */
export const MAX_PICKED_FILES = 100_000;

/** Of the first name, when several files get a folder: the whole name must fit 255 bytes on every disk. */
const MAX_NAME_PART = 60;

/** Files with their paths from the top of what was picked: [name] for a file, [folder, …, name] for one in a folder. */
export function pickedShare(files: readonly PickedFile[]): PickedShare | undefined {
  const tops = [...new Set(files.map(({ path }) => path[0]))].filter((top) => top !== undefined);
  const [first] = tops;
  if (first === undefined) return undefined;
  if (tops.length > 1) return { name: severalName(first, tops.length - 1), isFolder: true, files };
  const isFile = files.length === 1 && files[0]?.path.length === 1;
  if (isFile) return { name: first, isFolder: false, files };
  return { name: first, isFolder: true, files: files.map(({ path, file }) => ({ path: path.slice(1), file })) };
}

/** The files of an `<input type="file">` or of the clipboard; of a folder's input, with their paths in it. */
export function pickedFiles(list: Iterable<File>): readonly PickedFile[] {
  return distinct(
    [...list].map((file) => ({
      path: file.webkitRelativePath === "" ? [file.name] : file.webkitRelativePath.split("/"),
      file,
    })),
  );
}

/** A share cannot hold two files at one place: pasted pictures are all called "image.png". */
function distinct(files: readonly PickedFile[]): readonly PickedFile[] {
  const taken = new Set<string>();
  return files.map(({ path, file }) => {
    let free = path;
    for (let copy = 2; taken.has(free.join("/")); copy++) free = numbered(path, copy);
    taken.add(free.join("/"));
    return { path: free, file };
  });
}

function numbered(path: readonly string[], copy: number): readonly string[] {
  const name = path.at(-1) ?? "";
  const dot = name.lastIndexOf(".");
  const at = dot > 0 ? dot : name.length;
  return [...path.slice(0, -1), `${name.slice(0, at)} ${copy}${name.slice(at)}`];
}

function severalName(first: string, others: number): string {
  const dot = first.lastIndexOf(".");
  const stem = Array.from(dot > 0 ? first.slice(0, dot) : first)
    .slice(0, MAX_NAME_PART)
    .join("");
  return texts.add.severalName(stem, others);
}
