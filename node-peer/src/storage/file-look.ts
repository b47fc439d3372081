import { fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { FileStamp } from "./state-record.js";

/** What a file looked like right after it was read. */
export interface FileLook extends Pick<FileStamp, "mtimeNs" | "inode"> {
  readonly size: bigint;
}

/** Of each file that was read, by its index. */
export type FileLooks = Map<number, FileLook>;

/** On this thread: it takes microseconds, and waking another one for it as long as the read. */
export function lookAt({ fd }: FileHandle): FileLook {
  const { size, mtimeNs, ino } = fstatSync(fd, { bigint: true });
  return { size, mtimeNs, inode: ino };
}

/** Every file that was looked at looks as it did. */
export function areAlike(looks: FileLooks, known: ReadonlyMap<number, FileLook>): boolean {
  return [...looks].every(([file, { size, mtimeNs, inode }]) => {
    const was = known.get(file);
    return was?.size === size && was.mtimeNs === mtimeNs && was.inode === inode;
  });
}
