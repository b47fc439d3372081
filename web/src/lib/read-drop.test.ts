import { expect, test } from "vitest";
import { readDrop, type Dropped } from "./read-drop.js";

/** The entries of a browser's drop, read in parts as it does. */
type Tree = { readonly [name: string]: Tree | "file" | "locked" };

const PART = 2;

function entriesOf(tree: Tree): FileSystemEntry[] {
  return Object.entries(tree).map(([name, below]) => {
    if (typeof below === "string") return fileEntry(name, below === "locked");
    const rest = entriesOf(below);
    const readEntries = (found: (entries: FileSystemEntry[]) => void) => found(rest.splice(0, PART));
    return {
      name,
      isFile: false,
      isDirectory: true,
      createReader: () => ({ readEntries }),
    } as unknown as FileSystemEntry;
  });
}

function fileEntry(name: string, isLocked: boolean): FileSystemEntry {
  const file = (found: (file: File) => void, failed: (error: Error) => void) =>
    isLocked ? failed(new DOMException("locked")) : found(new File(["x"], name));
  return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
}

async function read(tree: Tree) {
  const dropped: Dropped = { entries: entriesOf(tree), handles: Promise.resolve([]) };
  const counts: number[] = [];
  const answer = await readDrop(dropped, (count) => counts.push(count));
  return { answer, counts };
}

test("reads folders in folders to their end", async () => {
  const { answer, counts } = await read({
    trip: { "a.jpg": "file", "b.jpg": "file", "c.jpg": "file", raw: { d: "file" } },
  });
  expect(answer.kind === "files" && answer.files.map(({ path }) => path.join("/"))).toEqual([
    "trip/a.jpg",
    "trip/b.jpg",
    "trip/c.jpg",
    "trip/raw/d",
  ]);
  expect(counts).toEqual([1, 2, 3, 4]);
});

test("a file that cannot be read is told", async () => {
  expect((await read({ trip: { a: "file", b: "locked" } })).answer).toEqual({ kind: "trouble", trouble: "unreadable" });
});

test("an empty folder is nothing", async () => {
  expect((await read({ trip: { raw: {} } })).answer).toEqual({ kind: "trouble", trouble: "nothing" });
});

test("does not follow folders without end", async () => {
  let tree: Tree = { a: "file" };
  for (let depth = 0; depth < 40; depth++) tree = { deeper: tree };
  expect((await read(tree)).answer).toEqual({ kind: "trouble", trouble: "too-many" });
});
