import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { ShoalError } from "@shoal/peer-core";
import { assertSafeNames, displayName, type Metainfo } from "@shoal/peer-core/torrent";

/** Bytes of a path that the system takes, without the final NUL (Linux: PATH_MAX 4,096; macOS: 1,024; Windows: long paths). */
const PATH_BYTES = process.platform === "linux" ? 4095 : process.platform === "darwin" ? 1023 : 32_000;

/** Bytes of one name that every file system takes. */
const NAME_BYTES = 255;

const PART_SUFFIX = ".part";

/** Where the files of one download live. */
export interface TargetPaths {
  /** The absolute folder chosen by the user; the only place where anything is made. */
  readonly directory: string;
  /** DIRECTORY/NAME: exists only when whole. A file, or the folder of a multi-file share. */
  readonly finalPath: string;
  /** DIRECTORY/NAME.part: the same, while unfinished. */
  readonly partPath: string;
  /** Which pieces are there. */
  readonly statePath: string;
  /** Says which process works on this download. */
  readonly lockPath: string;
  /** Bytes of files that were not chosen, where they share a piece with one that was. */
  readonly unwantedPath: string;
}

/**
 * Turns the names of a share into paths: the one place where that happens. Throws ShoalError "unsafe-name" for names
 * that this platform cannot take or that could lead elsewhere, "disk" when a path is longer than the system allows.
 */
export function targetPaths(metainfo: Metainfo, directory: string): TargetPaths {
  assertSafeNames(metainfo, process.platform === "win32" ? "windows" : "posix");
  const root = resolve(directory);
  const own = (suffix: string) => join(root, `.shoal-${metainfo.infoHash}.${suffix}`);
  const partName = metainfo.name + PART_SUFFIX;
  const paths: TargetPaths = {
    directory: root,
    finalPath: join(root, metainfo.name),
    // The name may have all of the 255 bytes to itself.
    partPath: Buffer.byteLength(partName) <= NAME_BYTES ? join(root, partName) : own("part"),
    statePath: own("state"),
    lockPath: own("lock"),
    unwantedPath: own("unwanted"),
  };
  assertInside(root, [paths.finalPath, paths.partPath]);
  assertPathLengths(metainfo, paths);
  return paths;
}

/** Path components of a file below the target: none for the only file of a single-file share, which is the target. */
export function componentsOf(metainfo: Metainfo, file: number): readonly string[] {
  return metainfo.isMultiFile ? (metainfo.files[file]?.path ?? []) : [];
}

/** `safeName` has seen to it already; this holds even if it has a gap. */
function assertInside(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    const inside = relative(root, path);
    if (inside === "" || isAbsolute(inside) || inside.includes(sep)) {
      throw new ShoalError("unsafe-name", `The share's name leads out of ${root}: ${displayName(inside)}`);
    }
  }
}

function assertPathLengths(metainfo: Metainfo, paths: TargetPaths): void {
  const base = Buffer.byteLength(paths.partPath);
  for (const [index, file] of metainfo.files.entries()) {
    if (file.padding) continue;
    let bytes = base;
    for (const component of componentsOf(metainfo, index)) bytes += 1 + Buffer.byteLength(component);
    if (bytes > PATH_BYTES) {
      throw new ShoalError(
        "disk",
        `A path would have ${bytes} bytes, the system allows ${PATH_BYTES}; choose a folder with a shorter path than ` +
          `${paths.directory} for ${displayName(file.path.join("/").slice(0, 200))}`,
      );
    }
  }
}
