import { ShoalError } from "../base/errors.js";
import { MAX_FILES } from "./metainfo.js";

/** File indexes of `so=0,2,6-8` (BEP 53), ascending; undefined without any. Throws ShoalError("link"). */
export function parseSelection(text: string | null): readonly number[] | undefined {
  if (text === null || text === "") return undefined;
  const indexes = new Set<number>();
  let room = MAX_FILES;
  for (const part of text.split(",")) {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    const first = Number(from);
    const last = Number(to);
    room -= last - first + 1;
    // Ignoring a bad selection would mean everything, the opposite of what was asked for.
    if (!(first <= last && last < MAX_FILES && room >= 0)) {
      throw new ShoalError("link", "Expected files like so=0,2,6-8");
    }
    for (let index = first; index <= last; index++) indexes.add(index);
  }
  return [...indexes].sort((a, b) => a - b);
}

/** The inverse of `parseSelection`, with ranges. */
export function formatSelection(indexes: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open !== undefined && open.last + 1 === index) open.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
