import type { WriteIfMatching } from "@shoal/peer-core";
import { ShoalError, type PieceIndex } from "@shoal/peer-core/torrent";
import type { KeptShare, KeptStore, StoragePlace } from "./kept-store.js";
import { StorageLine, type StorageThread } from "./storage-line.js";
import type { ToldShare } from "./storage-messages.js";

/** Memory kept for reads: as many as there are at once for one peer. */
const SPARE_READS = 4;

/**
 * A place that another thread looks after: hashing, writing and, above all, waiting for the disk are none of the engine's
 * business then. The thread is started when something is kept; where it cannot be, the place is `own`, in this thread.
 */
export class ThreadedPlace implements StoragePlace {
  readonly #own: StoragePlace;
  readonly #startThread: () => StorageThread;
  #line: Promise<StorageLine | undefined> | undefined;
  #stores = 0;

  constructor(own: StoragePlace, startThread: () => StorageThread) {
    this.#own = own;
    this.#startThread = startThread;
  }

  async open(share: KeptShare): Promise<KeptStore> {
    const line = await this.#there();
    if (line === undefined) return await this.#own.open(share);
    const store = ++this.#stores;
    const { present } = await line.ask({ type: "open", store, share: told(share) }, "opened");
    return new ThreadedStore(line, { store, present, sealed: share.sealed });
  }

  async forgetBorder(share: KeptShare): Promise<void> {
    const line = await this.#there();
    if (line === undefined) await this.#own.forgetBorder(share);
    else await line.ask({ type: "forget-border", share: told(share) }, "done");
  }

  async discard(infoHash: string): Promise<void> {
    const line = await this.#there();
    if (line === undefined) await this.#own.discard(infoHash);
    else await line.ask({ type: "discard", infoHash }, "done");
  }

  /** One that has ended by itself is followed by another. */
  async #there(): Promise<StorageLine | undefined> {
    const line = await (this.#line ??= this.#start());
    if (line?.isUp === false) this.#line = undefined;
    return line?.isUp === false ? await this.#there() : line;
  }

  async #start(): Promise<StorageLine | undefined> {
    try {
      return await StorageLine.open(this.#startThread());
    } catch {
      // Not every browser lets a worker have one of its own.
      return undefined;
    }
  }
}

interface OpenedStore {
  readonly store: number;
  readonly present: Uint8Array;
  readonly sealed: Set<number>;
}

class ThreadedStore implements KeptStore {
  readonly #line: StorageLine;
  readonly #store: number;
  readonly #present: Uint8Array;
  readonly #sealed: Set<number>;
  readonly #spare: ArrayBuffer[] = [];
  #isClosed = false;

  constructor(line: StorageLine, { store, present, sealed }: OpenedStore) {
    this.#line = line;
    this.#store = store;
    this.#present = present;
    this.#sealed = sealed;
  }

  present(): Uint8Array {
    return this.#present.slice();
  }

  async read(piece: PieceIndex, begin: number, into: Uint8Array): Promise<void> {
    const memory = this.#room(into.length);
    const request = { type: "read", store: this.#opened(), piece, begin, into: memory } as const;
    const { data } = await this.#line.ask(request, "read", (failed) => this.#keep(failed.data));
    into.set(data);
    this.#keep(data);
  }

  async write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    await this.#line.ask({ type: "write", store: this.#opened(), piece, data }, "done");
  }

  readonly writeIfMatching: WriteIfMatching = async (piece, data, sha1, onMoved) => {
    // Nobody hands over shared memory, which is all that the wider type would allow beyond this one.
    const moving = data as Uint8Array<ArrayBuffer>;
    // A copy: of a view, the memory of all hashes would be cloned each time.
    const hash = sha1.slice();
    const request = { type: "write-if-matching", store: this.#opened(), piece, data: moving, sha1: hash } as const;
    const outcome = await this.#line.ask(request, "judged", (failed) => {
      if (failed.data !== undefined) onMoved?.(failed.data);
    });
    onMoved?.(outcome.data);
    return outcome.isMatch;
  };

  async flush(): Promise<void> {
    await this.#line.ask({ type: "flush", store: this.#opened() }, "done");
  }

  async remove(piece: PieceIndex): Promise<void> {
    await this.#line.ask({ type: "remove", store: this.#opened(), piece }, "done");
  }

  async blobOf(file: number): Promise<Blob> {
    const { blob } = await this.#line.ask({ type: "blob", store: this.#opened(), file }, "blob");
    this.#sealed.add(file);
    return blob;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#spare.length = 0;
    await this.#line.ask({ type: "close", store: this.#store }, "done");
  }

  #opened(): number {
    if (this.#isClosed) throw new ShoalError("disk", "The store is closed");
    return this.#store;
  }

  #room(length: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare.pop();
    return new Uint8Array(
      spare !== undefined && spare.byteLength >= length ? spare : new ArrayBuffer(length),
      0,
      length,
    );
  }

  #keep(memory: Uint8Array<ArrayBuffer> | undefined): void {
    if (memory !== undefined && !this.#isClosed && this.#spare.length < SPARE_READS) this.#spare.push(memory.buffer);
  }
}

function told({ metainfo, kept, sealed }: KeptShare): ToldShare {
  return { infoBytes: metainfo.infoBytes, kept, sealed };
}
