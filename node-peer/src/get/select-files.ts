import type { Metainfo } from "@shoal/peer-core/torrent";
import { UsageError } from "../usage-error.js";

/**
 * Indexes (from 0, ascending) of the files that `--select` values mean: indexes and ranges ("0,3-5", "7-"), paths,
 * folders, or patterns with * ? and **. Padding is never chosen. Throws UsageError when a value matches nothing.
 */
export function selectFiles(texts: readonly string[], metainfo: Metainfo): readonly number[] {
  const chosen = new Set<number>();
  for (const text of texts) {
    for (const index of matchValue(text, metainfo)) if (metainfo.files[index]?.padding === false) chosen.add(index);
  }
  return [...chosen].sort((a, b) => a - b);
}

function matchValue(text: string, metainfo: Metainfo): readonly number[] {
  const whole = matchPattern(text, metainfo);
  return whole.length > 0 ? whole : text.split(",").flatMap((part) => matchPart(part.trim(), metainfo));
}

function matchPart(part: string, metainfo: Metainfo): readonly number[] {
  const range = /^(\d{1,7})(?:(-)(\d{1,7})?)?$/.exec(part);
  const found = range ? matchRange(range, metainfo) : matchPattern(part, metainfo);
  if (found.length > 0) return found;
  const last = metainfo.files.length - 1;
  throw new UsageError(
    `--select "${part}" matches no file of ${metainfo.name}: it takes indexes 0 to ${last}, ranges, paths and patterns (shoal info lists them)`,
  );
}

function matchRange(range: RegExpExecArray, metainfo: Metainfo): readonly number[] {
  const first = Number(range[1]);
  const last = range[2] === undefined ? first : Number(range[3] ?? metainfo.files.length - 1);
  if (last >= metainfo.files.length) return [];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => first + offset);
}

/** A pattern without "/" is held against the last component, any other against the whole path or its beginning. */
function matchPattern(pattern: string, metainfo: Metainfo): readonly number[] {
  const plain = pattern.replace(/^\.\//, "").replace(/\/$/, "");
  if (plain === "" || /^[\d,\s-]+$/.test(pattern)) return [];
  const expression = toExpression(plain);
  const found: number[] = [];
  metainfo.files.forEach((file, index) => {
    const path = file.path.join("/");
    const name = file.path.at(-1) ?? "";
    if (
      expression.test(path) ||
      expression.test(`${metainfo.name}/${path}`) ||
      (!plain.includes("/") && expression.test(name))
    )
      found.push(index);
  });
  return found;
}

/** Each alternative is linear: a hostile pattern is the user's own, a hostile path meets no nested repetition. */
function toExpression(pattern: string): RegExp {
  let source = "";
  for (const part of pattern.split(/(\*\*\/?|\*|\?)/)) {
    if (part === "**/") source += "(?:.*/)?";
    else if (part === "**") source += ".*";
    else if (part === "*") source += "[^/]*";
    else if (part === "?") source += "[^/]";
    else source += part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  return new RegExp(`^${source}(?:/.*)?$`, "u");
}
