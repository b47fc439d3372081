import { ShoalError } from "@shoal/peer-core";

/** The errno name ("ENOENT") of a system error; undefined of anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EEXIST: "something else is in its place",
  EFBIG: "the file system does not allow files that large",
  EIO: "the device reports an input/output error",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link, which is not followed",
  EMFILE: "this process has too many files open",
  ENAMETOOLONG: "the path is too long for the file system",
  ENFILE: "the system has too many files open",
  ENOENT: "it does not exist",
  ENOTDIR: "a part of the path is not a folder",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
};

/** Why a system call failed, in words for people. */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  const explanation = errno === undefined ? undefined : EXPLANATIONS[errno];
  if (explanation !== undefined) return `${explanation} (${errno ?? ""})`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * What a failed file operation is to callers: "disk-full" or "disk", with path and reason; ours pass through. `doing`
 * completes the sentence "Cannot …", for instance `write 16384 bytes to`.
 */
export function diskError(error: unknown, doing: string, path: string): ShoalError {
  if (error instanceof ShoalError) return error;
  const errno = errnoOf(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    const what = errno === "EDQUOT" ? "the disk quota is used up" : "the disk is full";
    return new ShoalError("disk-full", `Cannot ${doing} ${path}: ${what}`, { cause: error });
  }
  return new ShoalError("disk", `Cannot ${doing} ${path}: ${reasonOf(error)}`, { cause: error });
}
