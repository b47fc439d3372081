import type { FileFolder, RandomAccessFile } from "./random-access-file.js";

/** Open at once, of one share: browsers hold a descriptor for each, and a share may have 100,000 files. */
const MAX_OPEN = 64;

interface Entry {
  readonly opening: Promise<RandomAccessFile>;
  file: RandomAccessFile | undefined;
  /** Calls that are about to use it: it is not closed meanwhile. */
  users: number;
  isDirty: boolean;
}

/** The files of one share that are open, those used longest ago closed first. */
export class FileHandles {
  readonly #folder: FileFolder;
  readonly #entries = new Map<string, Entry>();

  constructor(folder: FileFolder) {
    this.#folder = folder;
  }

  /** Opens the file where necessary and hands it to `use`, which is done with it when it returns. */
  async with<T>(name: string, use: (file: RandomAccessFile) => T, writes = false): Promise<T> {
    const entry = this.#entry(name);
    entry.users++;
    try {
      const file = (entry.file = await entry.opening);
      if (writes) entry.isDirty = true;
      return use(file);
    } catch (error) {
      if (entry.file === undefined && this.#entries.get(name) === entry) this.#entries.delete(name);
      throw error;
    } finally {
      entry.users--;
      this.#closeSurplus();
    }
  }

  /** Flushes what was written since the last time; synchronous, so that nothing is written in between. */
  flush(): void {
    for (const entry of this.#entries.values()) {
      if (!entry.isDirty) continue;
      entry.file?.flush();
      entry.isDirty = false;
    }
  }

  /** Closes all of them; no call may follow. Those still being opened are closed as soon as they are. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    const opened = await Promise.allSettled(entries.map(({ opening }) => opening));
    for (const outcome of opened) if (outcome.status === "fulfilled") outcome.value.close();
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) {
      // The end of the map is what was used last.
      this.#entries.delete(name);
      this.#entries.set(name, known);
      return known;
    }
    const entry: Entry = { opening: this.#folder.open(name), file: undefined, users: 0, isDirty: false };
    this.#entries.set(name, entry);
    return entry;
  }

  #closeSurplus(): void {
    if (this.#entries.size <= MAX_OPEN) return;
    for (const [name, { file, users }] of this.#entries) {
      if (file === undefined || users > 0) continue;
      this.#entries.delete(name);
      file.close();
      if (this.#entries.size <= MAX_OPEN) return;
    }
  }
}
