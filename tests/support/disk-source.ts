import { openSync, readSync, closeSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import type { SourceFile } from "@shoal/peer-core/torrent";

/** What stands at `path` on disk, as `createMetainfo` takes it: a file, or a folder with everything in it. */
export function diskSource(path: string): { name: string; isMultiFile: boolean; files: SourceFile[] } {
  const name = basename(path);
  if (statSync(path).isFile()) return { name, isMultiFile: false, files: [diskFile(path, [name])] };
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => {
    const filePath = join(entry.parentPath, entry.name);
    return diskFile(filePath, relative(path, filePath).split(sep));
  });
  return { name, isMultiFile: true, files };
}

/** Opens anew for each read: slow, but nothing is left open when a test fails. */
function diskFile(filePath: string, path: string[]): SourceFile {
  return {
    path,
    length: statSync(filePath).size,
    read: (position, into) => {
      const handle = openSync(filePath, "r");
      try {
        return Promise.resolve(readSync(handle, into, 0, into.length, position));
      } finally {
        closeSync(handle);
      }
    },
  };
}
