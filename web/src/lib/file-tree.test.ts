import { expect, test } from "vitest";
import { fileTree, type TreeNode } from "./file-tree.js";

function outline(node: TreeNode): string {
  if (node.kind === "file") return `${node.name}#${node.index}`;
  return `${node.name}(${node.size})[${node.children.map(outline).join(" ")}]`;
}

test("files are put below their folders, folders first, numbers in order", () => {
  const tree = fileTree([
    { path: ["track 10.flac"], size: 10 },
    { path: ["track 9.flac"], size: 9 },
    { path: ["notes", "deep", "a.txt"], size: 1 },
    { path: ["notes", "b.txt"], size: 2 },
  ]);
  expect(outline(tree)).toBe("(22)[notes(3)[deep(1)[a.txt#2] b.txt#3] track 9.flac#1 track 10.flac#0]");
  expect(tree.indexes).toEqual([2, 3, 1, 0]);
});

test("names that mean something to JavaScript are names", () => {
  expect(outline(fileTree([{ path: ["__proto__", "constructor"], size: 1 }]))).toBe("(1)[__proto__(1)[constructor#0]]");
});

test("no files are an empty folder", () => {
  expect(fileTree([])).toMatchObject({ size: 0, children: [], indexes: [] });
});
