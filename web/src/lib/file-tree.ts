import type { FileItem } from "../engine/messages.js";

/** A file in the tree; `index` is its place in the share. */
export interface FileLeaf {
  readonly kind: "file";
  /** A stranger's text. */
  readonly name: string;
  readonly size: number;
  readonly index: number;
}

export interface Folder {
  readonly kind: "folder";
  /** A stranger's text. */
  readonly name: string;
  /** Sum of all files below. */
  readonly size: number;
  /** Folders first, both by name. */
  readonly children: readonly TreeNode[];
  /** Indexes of all files below. */
  readonly indexes: readonly number[];
}

export type TreeNode = FileLeaf | Folder;

interface Growing {
  readonly folders: Map<string, Growing>;
  readonly files: FileLeaf[];
}

const byName = new Intl.Collator("en", { numeric: true });

/** The files of a share as a folder without a name of its own. */
export function fileTree(files: readonly Pick<FileItem, "path" | "size">[]): Folder {
  const root: Growing = { folders: new Map(), files: [] };
  files.forEach(({ path, size }, index) => {
    let at = root;
    for (const name of path.slice(0, -1)) at = folderIn(at, name);
    at.files.push({ kind: "file", name: path.at(-1) ?? "", size, index });
  });
  return grown("", root);
}

function folderIn(parent: Growing, name: string): Growing {
  const known = parent.folders.get(name);
  if (known !== undefined) return known;
  const folder: Growing = { folders: new Map(), files: [] };
  parent.folders.set(name, folder);
  return folder;
}

function grown(name: string, { folders, files }: Growing): Folder {
  const below = [...folders].map(([folderName, growing]) => grown(folderName, growing));
  const children: readonly TreeNode[] = [...below.sort(compare), ...files.sort(compare)];
  const indexes = children.flatMap((child) => (child.kind === "folder" ? child.indexes : [child.index]));
  return { kind: "folder", name, size: children.reduce((sum, { size }) => sum + size, 0), children, indexes };
}

function compare(a: TreeNode, b: TreeNode): number {
  return byName.compare(a.name, b.name);
}
