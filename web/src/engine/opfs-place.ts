import { asDiskError } from "./disk-error.js";
import { FilePieceStore } from "./file-piece-store.js";
import type { KeptShare, StoragePlace } from "./kept-store.js";
import type { FileFolder, RandomAccessFile } from "./random-access-file.js";

/** Below the origin's private folder; each share in one of its own, named by its info-hash. */
const ROOT = "shoal";

/** A tab that has just gone lets go of its files a moment later. */
const LOCKED_RETRIES = 40;
const LOCKED_RETRY_MS = 125;

/** Synchronous access to a file, which browsers give to workers only and the page's types therefore leave out. */
interface SyncAccessHandle {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

type SyncFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

/** The origin private file system, where downloads are kept as files; undefined where the browser has none. */
export async function openOpfs(): Promise<StoragePlace | undefined> {
  const storage = globalThis.navigator.storage as StorageManager | undefined;
  const handle = (globalThis as { FileSystemFileHandle?: { prototype: object } }).FileSystemFileHandle;
  if (storage === undefined || handle === undefined || !("createSyncAccessHandle" in handle.prototype))
    return undefined;
  try {
    const origin = await storage.getDirectory();
    return new OpfsPlace(await origin.getDirectoryHandle(ROOT, { create: true }));
  } catch {
    // Some browsers have it in name only, in private windows for one.
    return undefined;
  }
}

class OpfsPlace implements StoragePlace {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async open(share: KeptShare): Promise<FilePieceStore> {
    try {
      const folder = await this.#root.getDirectoryHandle(share.metainfo.infoHash, { create: true });
      return await FilePieceStore.open(share, opfsFolder(folder));
    } catch (error) {
      throw asDiskError(error);
    }
  }

  async forgetBorder(share: KeptShare): Promise<void> {
    const store = await this.open(share);
    try {
      await store.forgetBorder();
    } finally {
      await store.close();
    }
  }

  async discard(infoHash: string): Promise<void> {
    try {
      await retryWhileLocked(() => this.#root.removeEntry(infoHash, { recursive: true }));
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw asDiskError(error);
    }
  }
}

function opfsFolder(folder: FileSystemDirectoryHandle): FileFolder {
  return {
    open: async (name) => {
      const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle;
      return randomAccess(await retryWhileLocked(() => file.createSyncAccessHandle()));
    },
    blob: async (name) => await (await folder.getFileHandle(name)).getFile(),
  };
}

function randomAccess(handle: SyncAccessHandle): RandomAccessFile {
  return {
    size: () => handle.getSize(),
    read: (into, at) => handle.read(into, { at }),
    write: (bytes, at) => handle.write(bytes, { at }),
    truncate: (size) => handle.truncate(size),
    flush: () => handle.flush(),
    close: () => handle.close(),
  };
}

async function retryWhileLocked<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      const isLocked = error instanceof DOMException && error.name === "NoModificationAllowedError";
      if (!isLocked || tries >= LOCKED_RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCKED_RETRY_MS));
    }
  }
}
