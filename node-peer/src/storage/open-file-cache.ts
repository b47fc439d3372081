import type { FileHandle } from "node:fs/promises";

/** Files kept open per store: far below the usual limit of 1,024 descriptors, with room for several stores and sockets. */
const OPEN_FILES = 128;

interface Entry {
  readonly handle: Promise<FileHandle>;
  users: number;
  /** Not to be used by anybody new: closed with its last user. */
  isDropped: boolean;
}

/**
 * Keeps the most recently used files open. Entries stand in order of use, the oldest first; one in use is never closed,
 * so the limit is passed when more than that many are in use at once.
 */
export class OpenFileCache<Key = number> {
  readonly #limit: number;
  readonly #open: (file: Key) => Promise<FileHandle>;
  readonly #entries = new Map<Key, Entry>();
  readonly #closing = new Set<Promise<void>>();

  /** `open` is called once per file and stay; what it rejects with reaches the caller of `use`, and it is tried anew then. */
  constructor(open: (file: Key) => Promise<FileHandle>, limit: number = OPEN_FILES) {
    this.#open = open;
    this.#limit = limit;
  }

  /** Runs `work` with the file open; it may not keep the handle. */
  async use<T>(file: Key, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.#entry(file);
    entry.users++;
    try {
      return await work(await entry.handle);
    } finally {
      entry.users--;
      if (!entry.isDropped) this.#trim();
      else if (entry.users === 0) this.#closeHandle(entry);
    }
  }

  /** Runs `work` with the file if it is open already; undefined when it is not. */
  useIfOpen<T>(file: Key, work: (handle: FileHandle) => Promise<T>): Promise<T> | undefined {
    return this.#entries.has(file) ? this.use(file, work) : undefined;
  }

  /** Keeps the file open until `closeAll`, even when its name goes away. */
  async pin(file: Key): Promise<void> {
    const entry = this.#entry(file);
    entry.users++;
    await entry.handle;
  }

  /** Closes one file, at once or with its last user; whoever uses it next opens it anew. */
  drop(file: Key): void {
    const entry = this.#entries.get(file);
    if (entry === undefined) return;
    this.#entries.delete(file);
    entry.isDropped = true;
    if (entry.users === 0) this.#closeHandle(entry);
  }

  /** Closes what is not in use and not pinned. */
  async closeIdle(): Promise<void> {
    for (const [file, entry] of this.#entries) if (entry.users === 0) this.#close(file, entry);
    await Promise.all(this.#closing);
  }

  /** Closes everything. The caller has seen to it that nothing is in use. */
  async closeAll(): Promise<void> {
    for (const [file, entry] of this.#entries) this.#close(file, entry);
    await Promise.all(this.#closing);
  }

  #entry(file: Key): Entry {
    let entry = this.#entries.get(file);
    if (entry === undefined) {
      const created: Entry = { handle: this.#open(file), users: 0, isDropped: false };
      created.handle.catch(() => {
        if (this.#entries.get(file) === created) this.#entries.delete(file);
      });
      entry = created;
    } else {
      this.#entries.delete(file);
    }
    this.#entries.set(file, entry);
    return entry;
  }

  #trim(): void {
    if (this.#entries.size <= this.#limit) return;
    for (const [file, entry] of this.#entries) {
      if (entry.users > 0) continue;
      this.#close(file, entry);
      if (this.#entries.size <= this.#limit) return;
    }
  }

  #close(file: Key, entry: Entry): void {
    this.#entries.delete(file);
    this.#closeHandle(entry);
  }

  #closeHandle(entry: Entry): void {
    const closing = closeQuietly(entry.handle).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** An error on closing says nothing that a sync would not have said: what must last is synced before. */
async function closeQuietly(opening: Promise<FileHandle>): Promise<void> {
  try {
    const handle = await opening;
    await handle.close();
  } catch {
    // It never opened, or was gone already.
  }
}
