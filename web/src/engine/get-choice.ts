import { ShoalError, type Metainfo } from "@shoal/peer-core/torrent";

/** Files by index; undefined: all of them. */
export type FileChoice = ReadonlySet<number> | undefined;

/** The files that `select` names. Throws ShoalError "link" for one that does not exist, and when none is left. */
export function choiceOf(metainfo: Metainfo, select: readonly number[] | undefined): FileChoice {
  if (select === undefined) return undefined;
  for (const index of select) {
    if (metainfo.files[index] === undefined) throw new ShoalError("link", `There is no file ${index} in the share`);
  }
  const chosen = new Set(select.filter((index) => metainfo.files[index]?.padding === false));
  if (chosen.size === 0) throw new ShoalError("link", "No file is chosen");
  return chosen;
}

/** Files of either choice. */
export function union(a: FileChoice, b: FileChoice): FileChoice {
  return a === undefined || b === undefined ? undefined : new Set([...a, ...b]);
}

/** True when `larger` holds a file that `smaller` does not. */
export function isMore(larger: FileChoice, smaller: FileChoice): boolean {
  if (smaller === undefined) return false;
  return larger === undefined || [...larger].some((index) => !smaller.has(index));
}

/** As it is remembered and sent. */
export function asIndexes(choice: FileChoice): readonly number[] | undefined {
  return choice === undefined ? undefined : [...choice].sort((a, b) => a - b);
}

/** Bytes of the chosen files, without padding. */
export function bytesOf(metainfo: Metainfo, choice: FileChoice): number {
  let bytes = 0;
  for (const [index, file] of metainfo.files.entries()) {
    if (!file.padding && (choice?.has(index) ?? true)) bytes += file.length;
  }
  return bytes;
}
