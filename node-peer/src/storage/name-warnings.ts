import { messageOf } from "@shoal/peer-core";
import { displayName, safeName, type NamePlatform } from "@shoal/peer-core/torrent";

/**
 * What may keep others from saving a share because of its names, in words: names that no system or not every system
 * takes, and names that differ in case only. At most one warning of each kind, naming the first.
 */
export function nameWarnings(name: string, paths: readonly (readonly string[])[]): string[] {
  const names = new Set([name, ...paths.flat()]);
  const warnings: string[] = [];
  const nowhere = firstUnsafe(names, "posix");
  if (nowhere !== undefined) warnings.push(`Nobody can download this: ${nowhere}`);
  else {
    const notEverywhere = firstUnsafe(names, "windows");
    if (notEverywhere !== undefined) warnings.push(`Windows users cannot download this: ${notEverywhere}`);
  }
  const twins = firstTwins(paths);
  if (twins !== undefined)
    warnings.push(`On Windows and macOS these are one file: ${twins.map(displayName).join(", ")}`);
  return warnings;
}

function firstUnsafe(names: ReadonlySet<string>, platform: NamePlatform): string | undefined {
  let first: string | undefined;
  let count = 0;
  for (const name of names) {
    try {
      safeName(name, platform);
    } catch (error) {
      first ??= messageOf(error);
      count++;
    }
  }
  return first === undefined || count === 1 ? first : `${first} (and ${count - 1} more)`;
}

function firstTwins(paths: readonly (readonly string[])[]): [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const components of paths) {
    const path = components.join("/");
    const key = path.toLowerCase();
    const twin = seen.get(key);
    if (twin !== undefined) return [twin, path];
    seen.set(key, path);
  }
  return undefined;
}
