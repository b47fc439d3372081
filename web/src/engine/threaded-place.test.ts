import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { describePieceStore } from "@shoal/peer-core/testing";
import { encodeBencode, equalBytes, parseInfo, pieceHash, type Geometry } from "@shoal/peer-core/torrent";
import { afterEach, describe, expect, it } from "vitest";
import { FilePieceStore } from "./file-piece-store.js";
import type { StoragePlace } from "./kept-store.js";
import { serveStorage } from "./serve-storage.js";
import type { StorageThread } from "./storage-line.js";
import { MemoryFolder } from "./testing/memory-folder.js";
import { testShare, type TestShare } from "./testing/test-share.js";
import { ThreadedPlace } from "./threaded-place.js";

const hasher = createWebCryptoHasher();

/** Keeps one share in memory. */
function placeIn(folder: MemoryFolder): StoragePlace {
  return {
    open: (share) => FilePieceStore.open(share, folder),
    forgetBorder: async (share) => {
      const store = await FilePieceStore.open(share, folder);
      await store.forgetBorder();
      await store.close();
    },
    discard: () => Promise.reject(new DOMException("in use", "NoModificationAllowedError")),
  };
}

const ports: MessagePort[] = [];

/** A line to a place as to one in another thread: what is said is cloned, and memory moves. */
function threadFor(place: StoragePlace | undefined): StorageThread & { onerror: ((event: ErrorEvent) => void) | null } {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serveStorage(port2, place, hasher);
  return port1 as unknown as StorageThread & { onerror: ((event: ErrorEvent) => void) | null };
}

const unused: StoragePlace = {
  open: () => Promise.reject(new Error("not asked for")),
  forgetBorder: () => Promise.reject(new Error("not asked for")),
  discard: () => Promise.reject(new Error("not asked for")),
};

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

describePieceStore("FilePieceStore in another thread", async ({ length, pieceLength, pieceCount }: Geometry) => {
  const folder = new MemoryFolder();
  const info = new Map<string, number | string | Uint8Array>([
    ["name", "share"],
    ["length", length],
    ["piece length", pieceLength],
    ["pieces", new Uint8Array(20 * pieceCount)],
  ]);
  const metainfo = await parseInfo(encodeBencode(info), hasher);
  const place = new ThreadedPlace(unused, () => threadFor(placeIn(folder)));
  return {
    open: () => place.open({ metainfo, kept: undefined, sealed: new Set() }),
    dispose: () => Promise.resolve(),
  };
});

function pieceOf({ metainfo, bytes }: TestShare, index: number) {
  const piece = metainfo.geometry.pieceIndex(index);
  const offset = metainfo.geometry.pieceOffset(piece);
  return {
    piece,
    data: bytes.slice(offset, offset + metainfo.geometry.pieceSize(piece)),
    sha1: pieceHash(metainfo, piece),
  };
}

async function opened(share: TestShare, folder = new MemoryFolder(), sealed = new Set<number>()) {
  const threads: ReturnType<typeof threadFor>[] = [];
  const place = new ThreadedPlace(unused, () => {
    // What a thread had open is closed when it ends.
    const thread = threadFor(placeIn(threads.length === 0 ? folder : folder.afterCrash(() => true)));
    threads.push(thread);
    return thread;
  });
  const { metainfo } = share;
  const open = () => place.open({ metainfo, kept: undefined, sealed });
  return { place, threads, open, store: await open() };
}

describe("ThreadedPlace", () => {
  it("stores what has the right hash, refuses what has not, and gives the memory back either way", async () => {
    const share = await testShare([100_000]);
    const { store } = await opened(share);
    const { piece, data, sha1 } = pieceOf(share, 1);
    for (const isMatch of [false, true]) {
      const sent = data.slice();
      if (!isMatch) sent[77] = 1 + (sent[77] ?? 0);
      const expected = sent.slice();
      let back = new Uint8Array(0);
      expect(await store.writeIfMatching?.(piece, sent, sha1, (moved) => (back = new Uint8Array(moved)))).toBe(isMatch);
      expect(sent.length).toBe(0);
      expect(equalBytes(back, expected)).toBe(true);
      const read = store.read(piece, 0, new Uint8Array(10));
      await (isMatch ? read : expect(read).rejects.toMatchObject({ code: "disk" }));
    }
    await store.close();
  });

  it("sends the hash of a piece and not those of all, whose memory it is a part of", async () => {
    const share = await testShare([100_000]);
    const sent: number[] = [];
    const place = new ThreadedPlace(unused, () => {
      const thread = threadFor(placeIn(new MemoryFolder()));
      const { postMessage } = thread;
      thread.postMessage = (command, transfer) => {
        if (command.type === "write-if-matching") sent.push(command.sha1.buffer.byteLength);
        postMessage.call(thread, command, transfer);
      };
      return thread;
    });
    const store = await place.open({ metainfo: share.metainfo, kept: undefined, sealed: new Set() });
    const { piece, data, sha1 } = pieceOf(share, 1);
    expect(await store.writeIfMatching?.(piece, data, sha1)).toBe(true);
    expect(sent).toEqual([20]);
    await store.close();
  });

  it("says that the disk is full in so many words, and gives the memory back", async () => {
    const share = await testShare([100_000]);
    const folder = new MemoryFolder();
    const { store } = await opened(share, folder);
    folder.onWrite = (name) => {
      if (name.startsWith("file")) throw new DOMException("no room", "QuotaExceededError");
    };
    const { piece, data, sha1 } = pieceOf(share, 0);
    let back = 0;
    const writing = store.writeIfMatching?.(piece, data, sha1, (moved) => (back = moved.length));
    await expect(writing).rejects.toMatchObject({ code: "disk-full" });
    expect(back).toBe(share.metainfo.geometry.pieceSize(piece));
    folder.onWrite = () => undefined;
    await store.close();
  });

  it("hands out whole files, which are never written to again by whoever opens the share next", async () => {
    const share = await testShare([50_000, 100_000]);
    const folder = new MemoryFolder();
    const sealed = new Set<number>();
    const { store, open, place } = await opened(share, folder, sealed);
    for (const index of [0, 1]) {
      const { piece, data } = pieceOf(share, index);
      await store.write(piece, data);
    }
    const blob = await store.blobOf(0);
    expect(equalBytes(new Uint8Array(await blob.arrayBuffer()), share.bytes.subarray(0, 50_000))).toBe(true);
    await store.close();
    expect([...sealed]).toEqual([0]);
    await place.forgetBorder({ metainfo: share.metainfo, kept: new Set([0]), sealed });
    folder.onWrite = (name) => expect(name).not.toBe("file-0");
    const again = await open();
    const { piece, data } = pieceOf(share, 1);
    await again.write(piece, data);
    await again.close();
  });

  it("tells what the place says no to", async () => {
    const { place, store } = await opened(await testShare([10]));
    await expect(place.discard("of any share")).rejects.toMatchObject({ code: "disk", message: "in use" });
    await store.close();
    await expect(store.flush()).rejects.toMatchObject({ code: "disk" });
  });

  it("rejects what is under way when the thread is lost, and goes on in another", async () => {
    const share = await testShare([100_000]);
    const { store, open, threads } = await opened(share);
    const { piece, data, sha1 } = pieceOf(share, 0);
    const writing = store.writeIfMatching?.(piece, data, sha1);
    const terminated = new Promise<void>((resolve) => Object.assign(threads[0] ?? {}, { terminate: resolve }));
    threads[0]?.onerror?.({ message: "killed" } as ErrorEvent);
    await terminated;
    await expect(writing).rejects.toMatchObject({ code: "disk" });
    await expect(store.flush()).rejects.toMatchObject({ code: "disk" });
    const again = await open();
    expect(threads).toHaveLength(2);
    await again.write(piece, pieceOf(share, 0).data);
    await again.close();
  });

  it("keeps in this thread where there can be no other, or where the other has no files", async () => {
    const share = await testShare([100_000]);
    const impossible = (): StorageThread => {
      throw new ReferenceError("Worker is not defined");
    };
    for (const start of [impossible, () => threadFor(undefined)]) {
      const folder = new MemoryFolder();
      const place = new ThreadedPlace(placeIn(folder), start);
      const store = await place.open({ metainfo: share.metainfo, kept: undefined, sealed: new Set() });
      const { piece, data } = pieceOf(share, 2);
      await store.write(piece, data);
      expect(folder.sizes()["file-0"]).toBe(98_304);
      await store.close();
    }
  });
});
