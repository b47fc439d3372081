import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { Hasher } from "@shoal/peer-core";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import type { CheckedCreator, CheckedWriter } from "../storage/checked-writer.js";
import { HashThread, openWorker, ThreadLostError } from "./hash-thread.js";

/**
 * Pieces from here on are worth a thread of our own: WebCrypto copies what it hashes, in the thread that asks. Per GiB
 * that thread spends 0.15 s instead of 0.38 on pieces of 64 KiB, 0.03 instead of 0.17 on those of 1 MiB. Shares of
 * shorter pieces are hashed before threads have started: here, which takes 1.0 s per GiB of pieces of 32 KiB where WebCrypto,
 * which wakes a thread for each, takes 3.4 s.
 */
const THREADED_BYTES = 64 * 1024;

/** So much is hashed as fast as a thread starts: the first piece waits for none, and small shares need none. */
const BYTES_BEFORE_THREADS = 32 * 1024 * 1024;

/** Four hash more than disks and networks deliver. */
const MAX_THREADS = 4;

/** One thread hashes and writes what most networks deliver; another one is woken only when it has so much to do. */
const BUSY_BYTES = 16 * 1024 * 1024;

/** What can be done with hashes off this thread. */
export interface HashThreads {
  readonly hasher: Hasher;
  readonly checkedWriter: CheckedWriter & CheckedCreator;
}

/**
 * Hashes what lies in memory from `allocate` in threads, once they run, short pieces here, and all else by WebCrypto. What
 * threads cannot do, because the system gives none or takes one away, this thread does.
 */
export function createHashThreads(open: () => Worker = openWorker): HashThreads {
  const threads = new Threads(open);
  const webCrypto = createWebCryptoHasher();
  return {
    hasher: {
      allocate: (length) =>
        length < THREADED_BYTES ? new Uint8Array(length) : new Uint8Array(new SharedArrayBuffer(length)),
      sha1: (bytes) => {
        if (bytes.length < THREADED_BYTES) return Promise.resolve(sha1Here(bytes));
        if (!isShared(bytes)) return webCrypto.sha1(bytes);
        const idlest = threads.idlest(bytes.length);
        if (idlest?.isRunning === true) return idlest.sha1(bytes).catch(() => sha1Here(bytes));
        return Promise.resolve(sha1Here(bytes));
      },
    },
    checkedWriter: {
      takes: (bytes) => isShared(bytes) && threads.first() !== undefined,
      write: (bytes, sha1, places) => unlessLost(threads.first()?.writeIfMatching(bytes, sha1, places)),
      create: (bytes, sha1, file) => unlessLost(threads.first()?.createIfMatching(bytes, sha1, file)),
    },
  };
}

/** Undefined where there is no thread, or none any more. */
async function unlessLost(change: Promise<boolean> | undefined): Promise<boolean | undefined> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof ThreadLostError) return undefined;
    throw error;
  }
}

class Threads {
  readonly #threads: HashThread[];
  #hashedBytes = 0;

  constructor(open: () => Worker) {
    const many = Math.min(MAX_THREADS, availableParallelism());
    this.#threads = Array.from({ length: many }, () => new HashThread(open));
  }

  /** For `length` bytes the one with least to do, on its way once it is worth it; undefined where there is none. */
  idlest(length: number): HashThread | undefined {
    const [first, ...others] = this.#threads;
    let idlest = first;
    for (const each of others) if (idlest !== undefined && each.waitingBytes < idlest.waitingBytes) idlest = each;
    this.#hashedBytes += length;
    if (idlest !== undefined && this.#hashedBytes > BYTES_BEFORE_THREADS && !idlest.start())
      this.#threads.splice(this.#threads.indexOf(idlest), 1);
    return idlest;
  }

  /** The first that runs and is not busy, else any that runs. */
  first(): HashThread | undefined {
    const running = this.#threads.filter((thread) => thread.isRunning);
    return running.find((thread) => thread.waitingBytes < BUSY_BYTES) ?? running[0];
  }
}

function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

function sha1Here(bytes: Uint8Array): Uint8Array {
  return createHash("sha1").update(bytes).digest();
}
