import { describePieceStore } from "@shoal/peer-core/testing";
import { encodeBencode, equalBytes, parseInfo, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { describe, expect, it } from "vitest";
import { FilePieceStore } from "./file-piece-store.js";
import { MemoryFolder } from "./testing/memory-folder.js";
import { testShare, type TestShare } from "./testing/test-share.js";

async function metainfoFor({ length, pieceLength, pieceCount }: Geometry): Promise<Metainfo> {
  const pieces = new Uint8Array(20 * pieceCount);
  const info = new Map<string, number | string | Uint8Array>([
    ["name", "share"],
    ["length", length],
    ["piece length", pieceLength],
    ["pieces", pieces],
  ]);
  return await parseInfo(encodeBencode(info), createWebCryptoHasher());
}

describePieceStore("FilePieceStore", async (geometry) => {
  const folder = new MemoryFolder();
  const metainfo = await metainfoFor(geometry);
  return {
    open: () => FilePieceStore.open({ metainfo, kept: undefined, sealed: new Set() }, folder),
    dispose: () => Promise.resolve(),
  };
});

function open(share: TestShare, folder: MemoryFolder, kept?: readonly number[], sealed = new Set<number>()) {
  const { metainfo } = share;
  return FilePieceStore.open({ metainfo, kept: kept && new Set(kept), sealed }, folder);
}

function pieceOf({ metainfo, bytes }: TestShare, index: number) {
  const piece = metainfo.geometry.pieceIndex(index);
  const offset = metainfo.geometry.pieceOffset(piece);
  return { piece, data: bytes.slice(offset, offset + metainfo.geometry.pieceSize(piece)) };
}

async function write(store: FilePieceStore, share: TestShare, ...indexes: number[]): Promise<void> {
  for (const index of indexes) {
    const { piece, data } = pieceOf(share, index);
    await store.write(piece, data);
  }
}

async function isRight(store: FilePieceStore, share: TestShare, index: number): Promise<boolean> {
  const { piece, data } = pieceOf(share, index);
  const into = new Uint8Array(data.length);
  await store.read(piece, 0, into);
  return equalBytes(into, data);
}

describe("FilePieceStore", () => {
  it("keeps each chosen file in one of its own, and the rest of border pieces close together", async () => {
    // Pieces of 32,768: a is 0 to 50,000, b to 150,000 (pieces 1 to 4), c to 200,000.
    const share = await testShare([50_000, 100_000, 50_000]);
    const folder = new MemoryFolder();
    const store = await open(share, folder, [1]);
    await write(store, share, 1, 2, 3, 4);
    for (const index of [1, 2, 3, 4]) expect(await isRight(store, share, index)).toBe(true);
    // Piece 1 begins 17,232 bytes before b, piece 4 ends 13,840 behind it.
    expect(folder.sizes()).toMatchObject({ "file-1": 100_000, rest: 17_232 + 13_840 });
    expect(Object.keys(folder.sizes())).not.toContain("file-0");
    await store.close();
  });

  it("hands out a whole file, and refuses one that is not whole", async () => {
    const share = await testShare([50_000, 100_000, 50_000]);
    const store = await open(share, new MemoryFolder(), [1]);
    await write(store, share, 1, 2, 3);
    await expect(store.blobOf(1)).rejects.toMatchObject({ code: "disk" });
    await write(store, share, 4);
    const blob = await store.blobOf(1);
    expect(equalBytes(new Uint8Array(await blob.arrayBuffer()), share.bytes.subarray(50_000, 150_000))).toBe(true);
    await store.close();
  });

  it("never writes to a file that was handed out, also when a border piece comes again for another choice", async () => {
    const share = await testShare([50_000, 100_000]);
    const folder = new MemoryFolder();
    const sealed = new Set<number>();
    const store = await open(share, folder, [0], sealed);
    await write(store, share, 0, 1);
    await store.blobOf(0);
    await store.forgetBorder();
    await store.close();

    folder.onWrite = (name) => expect(name).not.toBe("file-0");
    const wider = await open(share, folder, [0, 1], sealed);
    expect([...wider.present()]).toEqual([1, 0, 0, 0, 0]);
    await write(wider, share, 1, 2, 3, 4);
    for (const index of [0, 1, 2, 3, 4]) expect(await isRight(wider, share, index)).toBe(true);
    await wider.close();
  });

  it("forgets exactly the pieces that change their place when more is kept", async () => {
    const share = await testShare([50_000, 100_000, 50_000]);
    const folder = new MemoryFolder();
    const narrow = await open(share, folder, [1]);
    await write(narrow, share, 1, 2, 3, 4);
    await narrow.forgetBorder();
    await narrow.close();
    const wide = await open(share, folder);
    expect([...wide.present()]).toEqual([0, 0, 1, 1, 0, 0, 0]);
    for (const index of [2, 3]) expect(await isRight(wide, share, index)).toBe(true);
    await wide.close();
  });

  it("claims after a crash only what is there, whichever files had reached the disk", async () => {
    const share = await testShare([50_000, 100_000, 50_000]);
    for (const survives of [() => false, () => true, (name: string) => name === "record"]) {
      const folder = new MemoryFolder();
      const store = await open(share, folder);
      await write(store, share, 3, 0);
      await store.flush();
      await write(store, share, 1, 5);
      const crashed = folder.afterCrash(survives);
      const again = await open(share, crashed);
      const present = [...again.present()];
      expect([present[0], present[3]]).toEqual([1, 1]);
      for (const [index, isPresent] of present.entries()) {
        if (isPresent === 1) expect(await isRight(again, share, index)).toBe(true);
      }
      await again.close();
      await store.close();
    }
  });

  it("has brought bytes to the disk before it begins to write down that they are there", async () => {
    const share = await testShare([100_000]);
    const folder = new MemoryFolder();
    const store = await open(share, folder);
    const onDisk: MemoryFolder[] = [];
    folder.onWrite = (name) => {
      if (name === "record") onDisk.push(folder.afterCrash());
    };
    const { piece, data } = pieceOf(share, 1);
    await store.write(piece, data);
    await store.flush();
    const [first] = onDisk;
    const stored = new Uint8Array((await (await first?.blob("file-0"))?.arrayBuffer()) ?? new ArrayBuffer(0));
    const offset = share.metainfo.geometry.pieceOffset(piece);
    expect(equalBytes(stored.subarray(offset, offset + data.length), data)).toBe(true);
    await store.close();
  });

  it("says that the disk is full, and does not claim the piece", async () => {
    const share = await testShare([100_000]);
    const folder = new MemoryFolder();
    const store = await open(share, folder);
    folder.onWrite = (name) => {
      if (name.startsWith("file")) throw new DOMException("no room", "QuotaExceededError");
    };
    await expect(write(store, share, 0)).rejects.toMatchObject({ code: "disk-full" });
    folder.onWrite = () => undefined;
    await store.close();
    const again = await open(share, folder);
    expect([...again.present()]).toEqual([0, 0, 0, 0]);
    await again.close();
  });

  it("believes no record of another share or of another length", async () => {
    const folder = new MemoryFolder();
    const share = await testShare([100_000]);
    const store = await open(share, folder);
    await write(store, share, 0, 1);
    await store.close();
    const other = await testShare([1_000_000]);
    const misled = await open(other, folder);
    expect(misled.present().every((flag) => flag === 0)).toBe(true);
    await misled.close();
  });

  it("holds few files open at once, however many there are", async () => {
    const share = await testShare(Array.from({ length: 200 }, () => 500));
    const folder = new MemoryFolder();
    const store = await open(share, folder);
    await write(store, share, 0, 1, 2, 3);
    for (const index of [0, 1, 2, 3]) expect(await isRight(store, share, index)).toBe(true);
    expect(folder.mostOpen).toBeLessThanOrEqual(66);
    await store.close();
  });
});
