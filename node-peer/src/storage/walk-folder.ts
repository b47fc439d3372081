import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { ShoalError, utf8Decode } from "@shoal/peer-core";
import { displayName, MAX_FILES, MAX_PATH_COMPONENTS, RESERVED_PREFIX } from "@shoal/peer-core/torrent";
import { reasonOf } from "./disk-error.js";
import { runParallel } from "./run-parallel.js";

/** A FIFO put in a file's place must not hang the process. */
const NO_BLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;

const PARALLEL_LOOKS = 16;

/** Warnings of one kind before the rest is only counted. */
const NAMED_PER_KIND = 5;

/** A file below the folder that was walked. */
export interface FoundFile {
  /** Components below the root. */
  readonly path: readonly string[];
  /** Where its bytes are: of a symbolic link, what it leads to. */
  readonly absolutePath: string;
  readonly stats: BigIntStats;
}

/**
 * Finds the files below a folder, in no particular order. Links to files inside the folder are followed; links to
 * folders never are, so there are no loops. What is skipped is told in `warnings`. Rejects with ShoalError "source" for
 * what cannot be read or has a name that is not UTF-8, and for more files or deeper folders than a share can have; "aborted".
 */
export async function walkFolder(
  root: string,
  signal?: AbortSignal,
): Promise<{ readonly files: readonly FoundFile[]; readonly warnings: readonly string[] }> {
  const walk = new Walk(root, await realpath(root));
  const folders: (readonly string[])[] = [[]];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (signal?.aborted === true) throw new ShoalError("aborted", "The search for files was stopped");
    folders.push(...(await walk.readFolder(folder)));
  }
  return { files: walk.files, warnings: walk.warnings() };
}

class Walk {
  readonly files: FoundFile[] = [];
  readonly #root: string;
  /** `root` without symbolic links, to tell whether a link stays inside. */
  readonly #realRoot: string;
  readonly #skipped = new Map<string, string[]>();

  constructor(root: string, realRoot: string) {
    this.#root = root;
    this.#realRoot = realRoot;
  }

  /** Takes up the files of a folder; resolves to the folders in it. */
  async readFolder(path: readonly string[]): Promise<(readonly string[])[]> {
    const absolute = join(this.#root, ...path);
    // As bytes: otherwise names that are not UTF-8 would come out silently changed.
    const names = await readdir(absolute, { encoding: "buffer" }).catch((error: unknown) => {
      throw unreadable(absolute, error);
    });
    const folders: (readonly string[])[] = [];
    await runParallel(names, PARALLEL_LOOKS, async (bytes) => {
      const inside = [...path, nameFrom(bytes, absolute)];
      if (await this.#look(inside)) folders.push(inside);
    });
    return folders;
  }

  warnings(): string[] {
    return [...this.#skipped].map(([why, paths]) => {
      const named = paths.slice(0, NAMED_PER_KIND).map(displayName).join(", ");
      const more = paths.length > NAMED_PER_KIND ? ` and ${paths.length - NAMED_PER_KIND} more` : "";
      return `Left out, ${why}: ${named}${more}`;
    });
  }

  /** True for a folder to be read in turn. */
  async #look(path: readonly string[]): Promise<boolean> {
    const absolutePath = join(this.#root, ...path);
    const stats = await this.#orThrow(absolutePath, lstat(absolutePath, { bigint: true }));
    if (path.at(-1)?.toLowerCase().startsWith(RESERVED_PREFIX) === true) {
      this.#skip("a working file of a download", path);
    } else if (stats.isDirectory()) {
      if (path.length < MAX_PATH_COMPONENTS) return true;
      throw new ShoalError("source", `${displayName(absolutePath)} lies deeper than ${MAX_PATH_COMPONENTS} folders`);
    } else if (stats.isFile()) {
      await this.#take({ path, absolutePath, stats });
    } else if (stats.isSymbolicLink()) {
      await this.#follow(path, absolutePath);
    } else {
      this.#skip("neither a file nor a folder", path);
    }
    return false;
  }

  async #follow(path: readonly string[], link: string): Promise<void> {
    const absolutePath = await realpath(link).catch(() => undefined);
    if (absolutePath === undefined) {
      this.#skip("a symbolic link that leads nowhere", path);
      return;
    }
    const below = this.#realRoot.endsWith(sep) ? this.#realRoot : this.#realRoot + sep;
    if (!absolutePath.startsWith(below)) {
      this.#skip("a symbolic link that leads out of the folder", path);
      return;
    }
    const stats = await this.#orThrow(absolutePath, stat(absolutePath, { bigint: true }));
    if (stats.isFile()) await this.#take({ path, absolutePath, stats });
    else this.#skip("a symbolic link to something that is not a file", path);
  }

  async #take(file: FoundFile): Promise<void> {
    if (this.files.length >= MAX_FILES) {
      throw new ShoalError(
        "source",
        `${displayName(this.#root)} holds more than ${MAX_FILES} files, the most a share can have`,
      );
    }
    await this.#orThrow(file.absolutePath, assertReadable(file.absolutePath));
    this.files.push(file);
  }

  #skip(why: string, path: readonly string[]): void {
    const paths = this.#skipped.get(why);
    if (paths === undefined) this.#skipped.set(why, [path.join("/")]);
    else paths.push(path.join("/"));
  }

  async #orThrow<T>(path: string, looking: Promise<T>): Promise<T> {
    try {
      return await looking;
    } catch (error) {
      throw unreadable(path, error);
    }
  }
}

/** Opens a file and closes it: asking for permissions alone is not the same on network disks and with access lists. */
export async function assertReadable(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | NO_BLOCK);
  await handle.close();
}

function nameFrom(bytes: Buffer, folder: string): string {
  const name = utf8Decode(bytes);
  if (name !== undefined) return name;
  const shown = displayName(bytes.toString("latin1"));
  throw new ShoalError(
    "source",
    `The name of "${shown}" in ${displayName(folder)} is not valid UTF-8; rename it first`,
  );
}

function unreadable(path: string, error: unknown): ShoalError {
  return new ShoalError("source", `Cannot read ${displayName(path)}: ${reasonOf(error)}`, { cause: error });
}
