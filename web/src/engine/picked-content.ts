import { compareBytes, displayName, messageOf, ShoalError, utf8Encode } from "@shoal/peer-core/torrent";
import type { Metainfo } from "@shoal/peer-core/torrent";
import type { PickedFile } from "./messages.js";

/** The picked files as one content, in the order that a metainfo gives them. Nothing is read before it is asked for. */
export interface PickedContent {
  readonly files: readonly PickedFile[];
  readonly blob: Blob;
}

/** Puts the files in the order of their paths, as `createMetainfo` does: so that they are read from front to back. */
export function contentOf(files: readonly PickedFile[]): PickedContent {
  const keyed = files.map((picked) => ({ picked, key: utf8Encode(picked.path.join("/")) }));
  const sorted = keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ picked }) => picked);
  return { files: sorted, blob: new Blob(sorted.map(({ file }) => file)) };
}

/**
 * The picked files in the order of a metainfo. Throws ShoalError "wrong-files" as "source": a file is missing or has
 * another size. Paths are compared below the share's root; a single file may have any name.
 */
export function contentFor(metainfo: Metainfo, files: readonly PickedFile[]): PickedContent {
  const byPath = new Map(files.map((picked) => [picked.path.join("/"), picked]));
  const ordered = metainfo.files.map((entry) => {
    const path = entry.path.join("/");
    if (entry.padding) return { path: entry.path, file: zeros(entry.length) };
    const picked = metainfo.isMultiFile ? byPath.get(path) : files[0];
    if (picked === undefined) throw new ShoalError("source", `"${displayName(path)}" is not among the picked files`);
    if (picked.file.size === entry.length) return picked;
    throw new ShoalError("source", `"${displayName(path)}" has ${picked.file.size} bytes, not ${entry.length}`);
  });
  return { files: ordered, blob: new Blob(ordered.map(({ file }) => file)) };
}

/** What reading a picked file threw: "source-changed" when it is not the file any more that was picked, else "source". */
export function asSourceError(error: unknown): ShoalError {
  const isChanged = error instanceof Error && error.name === "NotReadableError";
  const what = isChanged ? "A file has changed since it was picked" : "A file cannot be read";
  return new ShoalError(isChanged ? "source-changed" : "source", `${what}: ${messageOf(error)}`, { cause: error });
}

function zeros(length: number): File {
  return new File([new Uint8Array(length)], "padding");
}
