import { isShoalError, ShoalError, type Metainfo } from "@shoal/peer-core/torrent";
import { BlobLanes } from "./blob-lanes.js";
import { crc32 } from "./crc32.js";
import { asDiskError } from "./disk-error.js";
import type { KeptStore } from "./kept-store.js";
import { layOutZip, type ZipEntry } from "./zip-layout.js";

/** What a browser does with it is the person's choice: never shown as a page. */
const TYPE = "application/octet-stream";

export interface SaveOptions {
  readonly metainfo: Metainfo;
  /** Indexes of the files to be saved; padding is left out. */
  readonly chosen: ReadonlySet<number> | undefined;
  readonly store: KeptStore;
}

/** Read at once for a checksum. */
const READ_BYTES = 1024 * 1024;

/** Something to be saved under a name. */
export interface Saved {
  readonly name: string;
  readonly blob: Blob;
}

/**
 * What was got as one Blob of bytes that stay in storage: the file itself where it is one, else a stored ZIP. Each file
 * is read once, in pieces, for the ZIP's checksums. Rejects with ShoalError "disk".
 */
export async function saveAsBlob(options: SaveOptions): Promise<Saved> {
  const files = await chosenFiles(options);
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    return { name: only.path.at(-1) ?? options.metainfo.name, blob: new Blob([only.blob], { type: TYPE }) };
  }
  const entries: ZipEntry[] = [];
  for (const { path, blob } of files) {
    const fullPath = [options.metainfo.name, ...path].join("/");
    entries.push({ path: fullPath, size: blob.size, crc32: await checksumOf(blob) });
  }
  const parts = layOutZip(entries).map((part) => ("entry" in part ? (files[part.entry]?.blob ?? new Blob()) : part));
  return { name: `${options.metainfo.name}.zip`, blob: new Blob(parts, { type: "application/zip" }) };
}

/**
 * Writes what was got to where the person said: into the file, or into the folder, below the share's name where it has
 * several files. Resolves to the name of what was written. Rejects with ShoalError "disk" or "disk-full".
 */
export async function saveTo(
  target: FileSystemFileHandle | FileSystemDirectoryHandle,
  options: SaveOptions,
): Promise<string> {
  try {
    if (target.kind === "file") {
      const { blob } = await saveAsBlob(options);
      await writeTo(target, blob);
      return target.name;
    }
    await writeInto(target, options);
    return options.metainfo.name;
  } catch (error) {
    throw isShoalError(error) ? error : asDiskError(error);
  }
}

async function writeInto(folder: FileSystemDirectoryHandle, options: SaveOptions): Promise<void> {
  const { metainfo } = options;
  const root = metainfo.isMultiFile ? await folder.getDirectoryHandle(metainfo.name, { create: true }) : folder;
  for (const { path, blob } of await chosenFiles(options)) {
    let parent = root;
    for (const component of path.slice(0, -1)) parent = await parent.getDirectoryHandle(component, { create: true });
    await writeTo(await parent.getFileHandle(path.at(-1) ?? metainfo.name, { create: true }), blob);
  }
}

/** The browser writes beside the target and puts it in place at the end. */
async function writeTo(file: FileSystemFileHandle, blob: Blob): Promise<void> {
  await blob.stream().pipeTo(await file.createWritable());
}

interface ChosenFile {
  readonly path: readonly string[];
  readonly blob: Blob;
}

async function chosenFiles({ metainfo, chosen, store }: SaveOptions): Promise<ChosenFile[]> {
  const files: ChosenFile[] = [];
  for (const [index, { path, padding }] of metainfo.files.entries()) {
    if (padding || chosen?.has(index) === false) continue;
    files.push({ path, blob: await store.blobOf(index) });
  }
  return files;
}

async function checksumOf(blob: Blob): Promise<number> {
  const reader = new BlobLanes(blob, 1);
  const buffer = new Uint8Array(Math.min(READ_BYTES, blob.size));
  let checksum = 0;
  try {
    for (let at = 0; at < blob.size; at += READ_BYTES) {
      const bytes = buffer.subarray(0, Math.min(READ_BYTES, blob.size - at));
      const got = await reader.read(at, bytes);
      if (got !== bytes.length) {
        throw new ShoalError("disk", `A file in storage gave ${got} of ${bytes.length} bytes at ${at}`);
      }
      checksum = crc32(bytes, checksum);
    }
  } finally {
    reader.close();
  }
  return checksum;
}
