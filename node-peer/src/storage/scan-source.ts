import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { compareBytes, ShoalError, utf8Encode } from "@shoal/peer-core";
import { displayName, type SourceFile } from "@shoal/peer-core/torrent";
import { reasonOf } from "./disk-error.js";
import { nameWarnings } from "./name-warnings.js";
import { SourceReader, type SourceFileIdentity } from "./source-reader.js";
import { assertReadable, walkFolder, type FoundFile } from "./walk-folder.js";

/** A file to share, in place. */
interface ScannedFile extends SourceFile, SourceFileIdentity {
  readonly inode: bigint;
}

/** What is at a path, ready for `createMetainfo` and `SeedStore`. */
export interface ScannedSource {
  /** Absolute. */
  readonly path: string;
  /** The share's name: the last component of the path. */
  readonly name: string;
  readonly isMultiFile: boolean;
  /** Sorted by the UTF-8 bytes of their joined path, as in the metainfo. */
  readonly files: readonly ScannedFile[];
  /** Bytes in all. */
  readonly length: number;
  /** What the user should know: things left out, names that other systems cannot take. For people, escaped. */
  readonly warnings: readonly string[];
  /** Looks at all files again; rejects with ShoalError "source-changed" naming one that is not as it was found. */
  assertUnchanged(): Promise<void>;
  /** Closes the files that `read` has opened. */
  close(): Promise<void>;
}

/**
 * Looks at a file or folder that is to be shared. Rejects with ShoalError "source": missing, unreadable, a folder
 * without files, something that is neither, a name that is not UTF-8.
 */
export async function scanSource(path: string, signal?: AbortSignal): Promise<ScannedSource> {
  const absolute = resolve(path);
  const stats = await stat(absolute, { bigint: true }).catch((error: unknown) => {
    throw unreadable(absolute, error);
  });
  const name = nameOf(absolute);
  if (stats.isFile()) {
    await assertReadable(absolute).catch((error: unknown) => {
      throw unreadable(absolute, error);
    });
    return source({ path: absolute, name, isMultiFile: false }, [{ path: [name], absolutePath: absolute, stats }], []);
  }
  if (!stats.isDirectory()) {
    throw new ShoalError("source", `${displayName(absolute)} is neither a file nor a folder`);
  }
  const found = await walkFolder(absolute, signal);
  if (found.files.length === 0) throw new ShoalError("source", `${displayName(absolute)} holds no files`);
  return source({ path: absolute, name, isMultiFile: true }, found.files, found.warnings);
}

function source(
  root: { readonly path: string; readonly name: string; readonly isMultiFile: boolean },
  found: readonly FoundFile[],
  skipped: readonly string[],
): ScannedSource {
  const identities = sorted(found).map(({ path, absolutePath, stats }) => ({
    path,
    absolutePath,
    length: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    inode: stats.ino,
  }));
  const reader = new SourceReader(identities);
  const files = identities.map((identity, index) => ({
    ...identity,
    read: (position: number, into: Uint8Array) => reader.read(index, position, into),
  }));
  return {
    ...root,
    files,
    length: files.reduce((sum, file) => sum + file.length, 0),
    warnings: [...skipped, ...nameWarnings(root.name, root.isMultiFile ? files.map((file) => file.path) : [])],
    assertUnchanged: () => reader.assertUnchanged(),
    close: () => reader.close(),
  };
}

function sorted(found: readonly FoundFile[]): FoundFile[] {
  const keyed = found.map((file) => ({ file, key: utf8Encode(file.path.join("/")) }));
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ file }) => file);
}

/** The root of the file system has no name of its own. */
function nameOf(absolute: string): string {
  const name = basename(absolute).replace(/[\\/:]/g, "");
  return name === "" ? "root" : basename(absolute);
}

function unreadable(path: string, error: unknown): ShoalError {
  return new ShoalError("source", `Cannot read ${displayName(path)}: ${reasonOf(error)}`, { cause: error });
}
