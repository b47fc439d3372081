import type { FileFolder, RandomAccessFile } from "../random-access-file.js";

/** A file in memory: what was written, and what of it would survive a crash. */
class MemoryFile {
  bytes = new Uint8Array(0);
  durable = new Uint8Array(0);
  isOpen = false;

  handle(folder: MemoryFolder, name: string): RandomAccessFile {
    const check = (): void => {
      if (!this.isOpen) throw new Error(`${name} is closed`);
    };
    return {
      size: () => this.bytes.length,
      read: (into, at) => {
        check();
        const part = this.bytes.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (bytes, at) => {
        check();
        folder.onWrite(name, bytes.length);
        this.#resize(Math.max(this.bytes.length, at + bytes.length));
        this.bytes.set(bytes, at);
        return bytes.length;
      },
      truncate: (size) => {
        check();
        folder.onWrite(name, 0);
        this.#resize(size);
      },
      flush: () => {
        check();
        this.durable = this.bytes.slice();
      },
      close: () => {
        check();
        this.durable = this.bytes.slice();
        this.isOpen = false;
      },
    };
  }

  #resize(size: number): void {
    const resized = new Uint8Array(size);
    resized.set(this.bytes.subarray(0, size));
    this.bytes = resized;
  }
}

/** A folder in memory that opens each file once at a time, as the browser does, and can crash. */
export class MemoryFolder implements FileFolder {
  readonly #files = new Map<string, MemoryFile>();
  /** Called before each write; may throw. */
  onWrite: (name: string, length: number) => void = () => undefined;
  mostOpen = 0;

  async open(name: string): Promise<RandomAccessFile> {
    await Promise.resolve();
    const file = this.#files.get(name) ?? new MemoryFile();
    if (file.isOpen) throw new DOMException(`${name} is open`, "NoModificationAllowedError");
    file.isOpen = true;
    this.#files.set(name, file);
    this.mostOpen = Math.max(this.mostOpen, [...this.#files.values()].filter(({ isOpen }) => isOpen).length);
    return file.handle(this, name);
  }

  async blob(name: string): Promise<Blob> {
    await Promise.resolve();
    const file = this.#files.get(name);
    if (file === undefined) throw new DOMException(`${name} is not there`, "NotFoundError");
    return new Blob([file.bytes.slice()]);
  }

  /** Names and sizes. */
  sizes(): Record<string, number> {
    return Object.fromEntries([...this.#files].map(([name, { bytes }]) => [name, bytes.length]));
  }

  /** The folder as a crash at this moment leaves it: files hold what was flushed, or more where `alsoWritten` says so. */
  afterCrash(alsoWritten: (name: string) => boolean = () => false): MemoryFolder {
    const crashed = new MemoryFolder();
    for (const [name, file] of this.#files) {
      const copy = new MemoryFile();
      copy.bytes = copy.durable = (alsoWritten(name) ? file.bytes : file.durable).slice();
      crashed.#files.set(name, copy);
    }
    return crashed;
  }
}
