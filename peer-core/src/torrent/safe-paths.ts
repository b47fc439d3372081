import { ShoalError } from "../base/errors.js";
import type { FileEntry, Metainfo } from "./metainfo.js";
import { displayName, safeName } from "./safe-name.js";
import type { NamePlatform } from "./safe-name.js";

/**
 * Throws ShoalError("unsafe-name") unless the share's name and every component of its files can become paths on
 * `platform` and no two files share a path. Padding files are left out: they are never created.
 */
export function assertSafeNames(metainfo: Metainfo, platform: NamePlatform): void {
  safeName(metainfo.name, platform);
  const files = metainfo.files.filter((file) => !file.padding);
  for (const file of files) for (const component of file.path) safeName(component, platform);
  assertDistinctPaths(files, platform);
}

/** Throws ShoalError("unsafe-name") when two files share a path, or one is a folder of another (on Windows in any case). */
export function assertDistinctPaths(files: readonly Pick<FileEntry, "path">[], platform: NamePlatform): void {
  // Nodes are numbered and found by (parent, name): paths of 32 long components would cost their square as texts.
  const nodes = new Map<string, { readonly id: number; readonly isFile: boolean }>();
  for (const { path } of files) {
    let parent = 0;
    for (const [depth, component] of path.entries()) {
      const isFile = depth === path.length - 1;
      const key = `${parent}/${platform === "windows" ? component.toUpperCase().toLowerCase() : component}`;
      const known = nodes.get(key);
      if (known !== undefined && (isFile || known.isFile)) {
        throw new ShoalError("unsafe-name", `Two files share the path "${displayName(path.join("/"))}"`);
      }
      const node = known ?? { id: nodes.size + 1, isFile };
      if (known === undefined) nodes.set(key, node);
      parent = node.id;
    }
  }
}
