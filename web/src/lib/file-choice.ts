import type { FileItem } from "../engine/messages.js";

/** Indexes of the files that are wanted. */
export type Choice = ReadonlySet<number>;

/** How much of some files is chosen. */
export type Chosen = "none" | "some" | "all";

/** What the engine says is chosen. */
export function choiceOf(files: readonly Pick<FileItem, "isChosen">[]): Choice {
  const choice = new Set<number>();
  files.forEach(({ isChosen }, index) => {
    if (isChosen) choice.add(index);
  });
  return choice;
}

/** The choice with those files in it, or without them. */
export function withFiles(choice: Choice, indexes: readonly number[], isChosen: boolean): Choice {
  const next = new Set(choice);
  for (const index of indexes) {
    if (isChosen) next.add(index);
    else next.delete(index);
  }
  return next;
}

/** How much of the files `indexes` is chosen. */
export function chosenOf(choice: Choice, indexes: readonly number[]): Chosen {
  let count = 0;
  for (const index of indexes) if (choice.has(index)) count += 1;
  if (count === 0) return "none";
  return count === indexes.length ? "all" : "some";
}

/** Bytes of what is chosen. */
export function chosenBytes(choice: Choice, files: readonly Pick<FileItem, "size">[]): number {
  let bytes = 0;
  for (const index of choice) bytes += files[index]?.size ?? 0;
  return bytes;
}

/** The choice as the engine takes it: ascending, undefined for everything. */
export function selectionOf(choice: Choice, fileCount: number): readonly number[] | undefined {
  return choice.size === fileCount ? undefined : [...choice].sort((a, b) => a - b);
}
