import type { FileHandle } from "node:fs/promises";

/** In one call to the system; what Linux takes at most is 1,024. */
const MOST_JOINED = 64;

interface Read {
  readonly position: number;
  readonly into: Uint8Array;
  readonly resolve: (bytesRead: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads from files, those together that are asked for at once and follow on each other: peers ask for a piece in blocks,
 * and each call to the system is a thread to be woken, which costs more than to read a block from the page cache.
 */
export class JoinedReads {
  readonly #asked = new Map<FileHandle, Read[]>();

  /** Resolves to the bytes read, fewer than `into` holds only at the end of the file. Keep `handle` open until then. */
  read(handle: FileHandle, position: number, into: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = this.#asked.get(handle);
      const read = { position, into, resolve, reject };
      if (asked !== undefined) {
        asked.push(read);
        return;
      }
      this.#asked.set(handle, [read]);
      queueMicrotask(() => this.#start(handle));
    });
  }

  #start(handle: FileHandle): void {
    const asked = this.#asked.get(handle) ?? [];
    this.#asked.delete(handle);
    for (const joined of joinedOf(asked)) void carryOut(handle, joined);
  }
}

/** The same reads in runs that follow on each other. */
export function joinedOf<R extends { readonly position: number; readonly into: Uint8Array }>(
  reads: readonly R[],
): R[][] {
  const runs: R[][] = [];
  let end: number | undefined;
  for (const read of [...reads].sort((a, b) => a.position - b.position)) {
    const run = runs.at(-1);
    if (run !== undefined && read.position === end && run.length < MOST_JOINED) run.push(read);
    else runs.push([read]);
    end = read.position + read.into.length;
  }
  return runs;
}

async function carryOut(handle: FileHandle, reads: readonly Read[]): Promise<void> {
  const [first] = reads;
  if (first === undefined) return;
  try {
    let left = reads.length === 1 ? 0 : await readTogether(handle, first.position, reads);
    for (const { position, into, resolve } of reads) {
      const done = Math.min(left, into.length);
      left -= done;
      resolve(done === into.length ? done : await readUpTo(handle, { position, into, done }));
    }
  } catch (error) {
    for (const { reject } of reads) reject(error);
  }
}

/** Bytes read, from the first on; the rest has to be read one by one. */
async function readTogether(handle: FileHandle, position: number, reads: readonly Read[]): Promise<number> {
  const { bytesRead } = await handle.readv(
    reads.map(({ into }) => into),
    position,
  );
  return bytesRead;
}

async function readUpTo(
  handle: FileHandle,
  { position, into, done }: { readonly position: number; readonly into: Uint8Array; done: number },
): Promise<number> {
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
